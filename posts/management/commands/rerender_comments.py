"""`manage.py rerender_comments`: render stored comments again after an upgrade of the renderer."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forum import pages
from posts.writing import rerendering

BAR = 30


class Command(BaseCommand):
    """Render the stored HTML again while the site runs. It can be stopped at any time and started again."""

    help = "Renders comments, rules and pages again that an older version rendered. It can be stopped and repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="also those that today's version rendered")
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="go on behind this comment")

    def handle(self, *, after: int, **options: Any) -> None:
        pages.rerender()
        progress: rerendering.Progress | None = None
        tenths = 0
        try:
            for progress in rerendering.rerender(everything=options["all"], after=after):
                tenths = self._show(progress, tenths)
        except KeyboardInterrupt:
            position = after if progress is None else progress.position
            way_on = f" --all --after {position}" if options["all"] else ""
            raise CommandError(
                f"\nStopped. What is done is kept; go on with: manage.py rerender_comments{way_on}", returncode=130
            ) from None
        if self.stderr.isatty():
            self.stderr.write("")
        if progress is None:
            self.stdout.write("Done: there was nothing to do.")
            return
        self.stdout.write(f"Done: {self._counts(progress)}.")
        if progress.refused_rules:
            ids = ", ".join(str(pk) for pk in progress.refused_rules)
            self.stdout.write(f"Versions of the rules too complex for today's limits, and left as they were: {ids}")
        if progress.refused:
            ids = ", ".join(str(pk) for pk in progress.refused)
            self.stdout.write(f"Too complex for today's limits, and left as they were: {ids}")

    def _show(self, progress: rerendering.Progress, tenths: int) -> int:
        """Show a bar on a terminal, otherwise a line at every tenth. Returns the tenths shown."""
        share = min(1, progress.position / progress.last) if progress.last else 1
        if self.stderr.isatty():
            bar = "#" * int(share * BAR)
            self.stderr.write(f"\r[{bar:.<{BAR}}] {share:4.0%}  {self._counts(progress)}", ending="")
        elif int(share * 10) > tenths:
            self.stderr.write(f"{share:.0%}: {self._counts(progress)}")
        return int(share * 10)

    def _counts(self, progress: rerendering.Progress) -> str:
        return (
            f"{progress.looked_at:,} looked at, {progress.made:,} rendered, {progress.changed:,} changed, "
            f"{len(progress.refused):,} refused"
        )
