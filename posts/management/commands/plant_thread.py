"""`manage.py plant_thread`: create the seed thread from the text in this project or from a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django import forms
from django.core.management.base import BaseCommand, CommandError

from forum import markup
from posts.models.comment import OPENING_MAX_LENGTH
from posts.seed import plain_text, planting

SEED = Path(__file__).resolve().parents[2] / "seed" / "two-way-street.md"
KEY = "seed"
# Used for what the first run does not give. Later runs keep the stored values instead.
DEFAULTS = {
    "title": "Is therapy a rehearsal for real life?",
    "byline": "The editor",
    "source_url": "",
    "source_date": None,
}


class SayingForm(forms.Form):
    """The options that describe the post. All are optional."""

    title = forms.CharField(required=False, max_length=200)
    byline = forms.CharField(required=False, max_length=80)
    source_url = forms.URLField(required=False, max_length=500, assume_scheme="https")
    source_date = forms.DateField(required=False, input_formats=["%Y-%m-%d"])


def _errors_of(form: forms.Form) -> str:
    return " ".join(f"--{name.replace('_', '-')}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())


class Command(BaseCommand):
    """Create the seed thread, or replace its text.

    Replies are kept. Running it again with the same input changes nothing.
    """

    help = "Plants the seed thread; with --file, replaces its text by the post in that file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, help="plain text, or Markdown if its name ends in .md")
        parser.add_argument("--title", help="the thread's title")
        parser.add_argument("--byline", help="who wrote the post, as readers see it")
        parser.add_argument("--source-url", help="where the post was first published")
        parser.add_argument("--source-date", help="when, as 2010-05-31")
        parser.add_argument("--question", action="append", help="a closing question (may be given several times)")

    def handle(self, **options: Any) -> None:
        given = options["file"]
        if given is None and planting.is_planted(KEY):
            # The owner may have replaced the text by the original, so the text in this project never overwrites it.
            self.stdout.write("The seed thread is there.")
            return
        title, source, questions = self._read(given or SEED, options)
        said = SayingForm({**options, "title": title})
        if not said.is_valid():
            raise CommandError(f"{_errors_of(said)} Nothing was changed.")
        if any(not 0 < len(text) <= 300 for text, _asks in questions):
            raise CommandError("A question has from 1 to 300 characters. Nothing was changed.")
        planted, ours = planting.as_planted(KEY), DEFAULTS["byline"]
        if given and not said.cleaned_data["byline"] and planted.get("byline", ours) == ours:
            raise CommandError(
                f"Whose post is it? Readers would see “{ours}”, who wrote the text of this project. Name its author "
                "with --byline. Nothing was changed."
            )
        _title, shipped, _questions = self._read(SEED, options)
        given_now = {name: value for name, value in said.cleaned_data.items() if value}
        try:
            thread, happened = planting.plant(
                key=KEY, source=source, questions=questions, shipped=shipped, **DEFAULTS | planted | given_now
            )
        except markup.TooComplex as fault:
            raise CommandError(f"{fault} Nothing was changed.") from None
        words = {
            planting.PLANTED: "Planted",
            planting.CHANGED: "Changed the text of",
            planting.UNCHANGED: "Nothing to change in",
        }
        self.stdout.write(f"{words[happened]} “{thread.title}” at {thread.get_absolute_url()}")
        for question in thread.questions.all():
            self.stdout.write(
                f"  asks {question.get_asks_display().lower()}: {question.text} ({question.comment_count} comments)"
            )

    def _read(self, path: Path, options: dict[str, Any]) -> tuple[str, str, list[tuple[str, str]]]:
        """Return (title, Markdown, questions) from the file, replaced where `options` gives a value.

        Raises CommandError if the file cannot be used.
        """
        try:
            text = path.read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise CommandError(f"{path} could not be read as UTF-8 text: {fault}. Nothing was changed.") from None
        title = options["title"]
        if path.suffix == ".md":
            heading, _line, rest = text.partition("\n")
            if heading.startswith("# "):
                title, text = title or heading[2:].strip(), rest.strip()
            source = text
        else:
            source = plain_text.to_markdown(text)
        if not source:
            raise CommandError(f"{path} is empty. Nothing was changed.")
        if len(source) > OPENING_MAX_LENGTH:
            raise CommandError(f"{path} is longer than {OPENING_MAX_LENGTH:,} characters. Nothing was changed.")
        asked = options["question"]
        questions = (
            [(text.strip(), plain_text.asks(text)) for text in asked] if asked else plain_text.closing_questions(text)
        )
        if not questions:
            raise CommandError("No closing question was recognised: give it with --question. Nothing was changed.")
        return title, source, questions
