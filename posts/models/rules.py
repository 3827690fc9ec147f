"""The community rules, and moderators' canned reasons, watched words and notes."""

import re
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from forum import markup

HEADING = re.compile(r"^##\s+(.+?)\s*$", re.M)


def split(text: str) -> list[tuple[str, str]]:
    """Return [(title, Markdown)] of the text before the first rule, under the title "", and of each rule."""
    first, *rest = HEADING.split(text)
    return [("", first.strip()), *((title, body.strip()) for title, body in zip(rest[::2], rest[1::2], strict=True))]


def rendered(text: str) -> list[str]:
    """Return the HTML of each part of the text. Raises markup.TooComplex."""
    return [markup.render(body) for _title, body in split(text)]


class RulesManager(models.Manager["Rules"]):
    """The manager of versions of the rules."""

    def create(self, **fields: Any) -> "Rules":
        """Create and return a version. Raises markup.TooComplex."""
        rules = self.model(**fields)
        rules.write(rules.text)
        rules.save(using=self.db)
        return rules


class Rules(models.Model):
    """One version of the community rules.

    The latest version is in force. Each decision refers to the version it is based on. `text` is Markdown. Each
    second-level heading (`## Be kind`) begins a rule. `in_numbers` has the titles of rules that concern privacy or
    safety, one per line. The public log shows only the number of decisions based on these rules.

    `rendered` is a cache of the HTML of each part, which the renderer of version `renderer` made. Only `write` sets
    them, so a text that cannot be rendered is refused when it is saved and no page fails because of it.
    """

    text = models.TextField(_("text"), help_text=_("Markdown. Each line that begins with ## begins a rule."))
    rendered = models.JSONField(editable=False)
    renderer = models.PositiveSmallIntegerField(editable=False)
    in_numbers = models.TextField(
        _("told in numbers only"),
        blank=True,
        default="",
        help_text=_("Titles, one per line. The public log shows decisions under these rules only as monthly numbers."),
    )
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("published by")
    )

    objects = RulesManager()

    class Meta:
        verbose_name = _("version of the rules")
        verbose_name_plural = _("community rules")
        constraints = [models.CheckConstraint(condition=~models.Q(rendered=[]), name="rules_are_rendered")]

    def __str__(self) -> str:
        return f"{self.published_at:%Y-%m-%d %H:%M}"

    @classmethod
    def in_force(cls) -> "Rules | None":
        """Return the latest version, or None if there is none.

        Makes one query.
        """
        return cls.objects.order_by("-id").first()

    def write(self, text: str) -> None:
        """Set the text and its HTML; the caller saves. Raises markup.TooComplex and then changes nothing."""
        self.rendered = rendered(text)
        self.text, self.renderer = text, markup.VERSION

    @property
    def parts(self) -> list[tuple[str, SafeString]]:
        """Return [(title, HTML)] of the text before the first rule, under the title "", and of each rule."""
        html = [mark_safe(part) for part in self.rendered]  # noqa: S308  (made by markup)
        return list(zip((title for title, _body in split(self.text)), html, strict=True))

    @property
    def titles(self) -> list[str]:
        """Return the titles of the rules in order."""
        return [title for title, _body in split(self.text) if title]

    @property
    def titles_in_numbers(self) -> list[str]:
        """Return the titles of the rules whose decisions are shown only as numbers."""
        return [line.strip() for line in self.in_numbers.splitlines() if line.strip()]


class CannedReason(models.Model):
    """A reason that moderators often give, with the title of its rule.

    Moderators may change the text before they send it.
    """

    title = models.CharField(_("title"), max_length=80, unique=True)
    text = models.TextField(_("text"), help_text=_("What the author will read."))
    rule = models.CharField(
        _("rule"), max_length=200, blank=True, default="", help_text=_("The title of the rule that it goes with.")
    )

    class Meta:
        verbose_name = _("saved reason")
        verbose_name_plural = _("saved reasons")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class WatchedWord(models.Model):
    """A word or phrase to look for in what people write.

    Only whole words match, in upper or lower case.
    """

    class Act(models.TextChoices):
        HOLD = "hold", _("hold the comment for review")
        ASK = "ask", _("ask the author whether they mean it")

    phrase = models.CharField(_("word or phrase"), max_length=80)
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        help_text=_("A note for moderators, such as “en”; it is looked for in every text."),
    )
    act = models.CharField(_("what to do"), max_length=4, choices=Act, default=Act.HOLD)
    advice = models.CharField(
        _("what to say"),
        max_length=200,
        blank=True,
        help_text=_("To an author who is asked: why, and what may be better."),
    )

    class Meta:
        verbose_name = _("watched word")
        verbose_name_plural = _("watched words")
        ordering = ["phrase"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(phrase=""), name="watched_word_is_a_word"),
            models.UniqueConstraint(fields=["phrase", "language"], name="watched_word_once_in_a_language"),
        ]

    def __str__(self) -> str:
        return self.phrase


class Note(models.Model):
    """A note about a comment or a person that only moderators can read."""

    comment = models.ForeignKey("posts.Comment", null=True, on_delete=models.CASCADE, related_name="notes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(_("note"))
    noted_at = models.DateTimeField(_("when"))
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("note of a moderator")
        verbose_name_plural = _("notes of moderators")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(comment__isnull=False) | models.Q(person__isnull=False),
                name="note_is_about_something",
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="note_says_something"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
