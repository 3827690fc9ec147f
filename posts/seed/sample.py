"""The sample conversation of `manage.py demo`, by invented people.

Each entry is a reply to the nearest entry above it that is one level higher; entries of depth 1 reply to the opening
post. Together they show every state that a reader can meet.
"""

from typing import NamedTuple

# The profession, the regulator and the region of the invented clinician who is shown as verified.
CLINICIAN = ("Ruth", "Psychologist", "Board of Examiners of Psychologists", "US-MD")


class Sample(NamedTuple):
    """An invented comment: depth below the opening post, name, standpoint, number of the question or None, text.

    `first` is the text before an edit. `is_deleted` says that its author deleted the comment.
    """

    depth: int
    name: str
    standpoint: str
    question: int | None
    text: str
    first: str = ""
    is_deleted: bool = False


CONVERSATION = [
    Sample(
        1,
        "Ruth",
        "clinician",
        1,
        "What I hear most, years later, has nothing to do with insight. People say: *you stayed interested when I was "
        "boring.* What they learned, I think, is that you can be dull for an hour and still be welcome next week.",
    ),
    Sample(
        2,
        "Tomasz",
        "patient",
        None,
        "That’s me. I kept waiting for the day she would get tired of me. It never came, and at some point I noticed "
        "that I had stopped entertaining my friends, too.",
    ),
    Sample(3, "Ruth", "clinician", None, "Did they notice, your friends?"),
    Sample(
        4,
        "Tomasz",
        "patient",
        None,
        "One of them asked if I was sick. Then he told me about his divorce. We had been friends for nine years, and "
        "that was the first I heard of it.",
    ),
    Sample(
        5,
        "Imani",
        "other",
        None,
        "So he had been waiting, too. Would you have been around to hear it, before?",
    ),
    Sample(6, "Tomasz", "patient", None, "No. I would have made a joke. I made one about everything."),
    Sample(
        7,
        "Yuki",
        "patient",
        None,
        "For me it was the other way round. My sister said I had started to talk like a leaflet: “I hear that you are "
        "angry.” She didn’t want to be heard. She wanted the fight.",
    ),
    Sample(
        8,
        "Ruth",
        "clinician",
        None,
        "May I ask what you did with that? People who have just learned to stay calm sometimes stay calm at somebody.",
    ),
    Sample(
        9,
        "Yuki",
        "patient",
        None,
        "“At somebody” is exactly it. She still teases me. “You’re doing the voice,” she says. Then I know it’s time to "
        "shout a little.",
    ),
    Sample(
        4,
        "Dolores",
        "patient",
        None,
        "Mine noticed, and they said they liked me better loud. I took that to the next session, and then I took it "
        "back to them.",
    ),
    Sample(
        2,
        "Noor",
        "patient",
        None,
        "I wrote about my own therapist here and then thought better of it.",
        is_deleted=True,
    ),
    Sample(3, "Sven", "patient", None, "I read it before it went. Thank you for it, whatever you decided."),
    Sample(
        2,
        "Imani",
        "other",
        None,
        "I’m married to a therapist, and I can report that at home the interest runs out around nine in the evening. "
        "That’s fine with me. At home *I* get to be tired, too.",
    ),
    Sample(
        3,
        "Ben",
        "other",
        None,
        "Ours runs out at nine as well, and he’s an electrician. The difference is that he says so now: “I’m out of "
        "ears.”",
    ),
    Sample(4, "Imani", "other", None, "“I’m out of ears” is going on our fridge."),
    Sample(
        1,
        "Dolores",
        "patient",
        2,
        "I learned to say “I need a minute” instead of leaving the room.\n\nIt works with my sister. It doesn’t work "
        "with my father, and therapy taught me that this isn’t always my fault.",
    ),
    Sample(
        2,
        "Sven",
        "patient",
        None,
        "The second half of that took me four years. You said it in one line.",
    ),
    Sample(3, "Dolores", "patient", None, "It took me six. The line came at the end."),
    Sample(
        2,
        "Hannah",
        "patient",
        None,
        "What do you do when the other person follows you and wants to settle it right there?",
    ),
    Sample(
        3,
        "Dolores",
        "patient",
        None,
        "I say when I’ll be back. “Give me ten minutes, I’m in the yard.” He can stand the wait if it has an end. "
        "So can I, it turns out.",
        first="I say when I’ll be back. “Give me ten minutes, I’m in the yard.” That’s all.",
    ),
    Sample(4, "Hannah", "patient", None, "Ten minutes in the yard. I’ll try it tonight."),
    Sample(5, "Hannah", "patient", None, "Tried it. He came out after five with two cups of tea."),
    Sample(6, "Dolores", "patient", None, "Then he has learned something, too."),
    Sample(
        1,
        "Marek",
        "clinician",
        1,
        "A man told me in our last hour that he had learned to be late without a story. As a child he always needed a "
        "reason, and a good one. I hadn’t known I was teaching him that. I only ever said “Come in.”",
    ),
    Sample(
        2,
        "Lene",
        "",
        None,
        "I’d like to believe it, but how do you know it was you? He was also twelve years older by then.",
    ),
    Sample(
        3,
        "Marek",
        "clinician",
        None,
        "I don’t. I know what he said. He may have given me credit for his wife, or for getting older. I took it and "
        "said thank you.",
    ),
    Sample(4, "Lene", "", None, "That’s a better answer than I expected."),
    Sample(
        1,
        "Amaru",
        "both",
        2,
        "I sit in both chairs. From my own therapist I learned how it feels when somebody comes back to a thing you "
        "said three weeks ago. I try to do that for my daughter now:\n\n- What was the new teacher’s name?\n- Did the "
        "tooth come out?\n- Who did you sit with?\n\nYes, it’s a technique. She doesn’t mind.",
    ),
    Sample(
        2,
        "Ruth",
        "clinician",
        None,
        "I like that you call it a technique. So is saying good morning, until you mean it.",
    ),
    Sample(
        2,
        "Oskar",
        "other",
        None,
        "My father wrote such things down in a small notebook. We found it after the funeral: birthdays, our teachers, "
        "the name of my first girlfriend. He never went to therapy in his life. He thought it was for people with time. "
        "I was angry at that notebook for a year, because it looked like cheating. He had to write us down to remember "
        "us!\n\nNow I keep one. I know what it is now. He wanted to ask the right question when we came through the "
        "door, and he knew he’d be tired by then, so he prepared. I can’t think of many things that are more like love "
        "than that, and I don’t think anybody taught him.",
    ),
    Sample(3, "Amaru", "both", None, "I’m reading this on a bus and I’m not all right. In a good way."),
    Sample(3, "Noor", "patient", None, "“He had to write us down to remember us.” I’m stealing that for my next hour."),
    Sample(
        1,
        "Lene",
        "",
        None,
        "I want to argue with the post. It says that in real life nobody can hold back all the time. But I grew up with "
        "people who never held back, and I would have taken *a little* of the consulting room at the dinner table.",
    ),
    Sample(
        2,
        "Sven",
        "patient",
        None,
        "> a little of the consulting room at the dinner table\n\nYes. Maybe therapy isn’t a model for how to be loved. "
        "Maybe it’s a model for how to disagree without breaking anything. The post admits as much about the dishes.",
    ),
    Sample(
        3,
        "Ben",
        "other",
        None,
        "We broke dishes. We also laughed a lot. I don’t want to trade that for a family that takes turns.",
    ),
    Sample(
        4,
        "Lene",
        "",
        None,
        "Sven wrote:\n\n> Maybe it’s a model for how to disagree without breaking anything.\n\nI’d keep your laughing, "
        "Ben, and his dishes.",
    ),
    Sample(
        1,
        "Yuki",
        "patient",
        2,
        "That crying isn’t an emergency. She handed me the tissues and didn’t say anything. At home, everybody used to "
        "come running.",
    ),
    Sample(2, "Tomasz", "patient", None, "@Yuki Same here, with the running. I still apologize to the tissues."),
    Sample(
        1,
        "Hannah",
        "patient",
        2,
        "Honestly? That you can pay somebody to be on time. I’m only half joking. It was the first hour of my week that "
        "nobody ever canceled, and after a year of that I started to cancel less myself.",
    ),
    Sample(
        2,
        "Marek",
        "clinician",
        None,
        "We cancel, too. I was out for a month with a broken leg, and one patient said it was the most useful month we "
        "had: she found out that I come back.",
    ),
]
