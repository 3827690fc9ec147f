"""`manage.py rerender_comments`: after an upgrade, the HTML of stored comments as today's renderer makes it."""

from django.core.management.base import BaseCommand, CommandError

from posts.writing import rerendering

BAR = 30


class Command(BaseCommand):
    """Makes stored HTML anew while the site runs; it may be stopped at any moment and started again."""

    help = "Makes the HTML of all comments anew that an older version rendered. It can be stopped and started again."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="also those that today's version rendered")
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="go on behind this comment")

    def handle(self, *, after, **options):
        progress, tenths = None, 0
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
        self.stdout.write(f"Done: {self._counts(progress)}.")
        if progress.refused:
            ids = ", ".join(str(pk) for pk in progress.refused)
            self.stdout.write(f"Too complex for today's limits, and left as they were: {ids}")

    def _show(self, progress, tenths):
        """A bar where somebody watches, and otherwise a line at every tenth; gives the tenths shown."""
        share = min(1, progress.position / progress.last) if progress.last else 1
        if self.stderr.isatty():
            bar = "#" * int(share * BAR)
            self.stderr.write(f"\r[{bar:.<{BAR}}] {share:4.0%}  {self._counts(progress)}", ending="")
        elif int(share * 10) > tenths:
            self.stderr.write(f"{share:.0%}: {self._counts(progress)}")
        return int(share * 10)

    def _counts(self, progress):
        return (
            f"{progress.looked_at:,} looked at, {progress.made:,} rendered, {progress.changed:,} changed, "
            f"{len(progress.refused):,} refused"
        )
