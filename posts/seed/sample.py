"""The sample conversation of `manage.py demo`, by invented people. The forum marks each comment as a sample.

Each entry is (depth below the opening post, name, standpoint, question or None, text). Depth 1 replies to the opening
post. A deeper entry replies to the nearest entry above it that is one level higher.
"""

CONVERSATION = [
    (
        1,
        "Ruth",
        "clinician",
        1,
        "What I hear most, years later, is not about insight at all. People say: you stayed interested when I was boring. "
        "They seem to have learned that one may be dull for an hour and still be welcome the week after.",
    ),
    (
        2,
        "Tomasz",
        "patient",
        None,
        "That is it for me. I kept waiting for the day she would be tired of me. It did not come, and at some point I "
        "stopped entertaining my friends, too.",
    ),
    (3, "Ruth", "clinician", None, "Did they notice, your friends?"),
    (
        4,
        "Tomasz",
        "patient",
        None,
        "One of them asked whether I was ill. Then he told me about his divorce, for the first time. So the street got "
        "its second lane, in a way. But he did that, not the therapy.",
    ),
    (
        2,
        "Imani",
        "other",
        None,
        "I am married to a therapist and can report that interest at home does run out around nine in the evening. "
        "That is as it should be, I think. At home *I* am allowed to be tired as well.",
    ),
    (
        1,
        "Dolores",
        "patient",
        2,
        "I learned to say “I need a minute” instead of leaving the room.\n\nIt works with my sister. It does not work "
        "with my father, and therapy taught me that this is not always a fault in my technique.",
    ),
    (2, "Sven", "patient", None, "The second half of that took me four years. Thank you for putting it so shortly."),
    (
        1,
        "Amaru",
        "both",
        2,
        "I am on both sides of the desk. From my own therapist I learned how it feels when somebody comes back to a thing "
        "you said three weeks ago. I try to do that for my daughter now:\n\n- what was the name of the new teacher?\n"
        "- did the tooth come out?\n\nIt is a technique, yes. She does not mind.",
    ),
    (2, "Ruth", "clinician", None, "I like that you call it a technique. Most kindness is one, before it is a habit."),
    (
        1,
        "Lene",
        "",
        None,
        "I would like to argue with the post. It says outside nobody should have to be measured. But I grew up with "
        "people who were never measured, and I would have taken *a little* of the consulting room at the dinner table.",
    ),
    (
        2,
        "Sven",
        "patient",
        None,
        "> a little of the consulting room\n\nYes. Perhaps the model is not for how to be loved but for how to disagree "
        "without breaking anything. The post says as much about the plates.",
    ),
]
