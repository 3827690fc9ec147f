"""`manage.py demo`: add a sample conversation to the seed thread, or remove it with `--remove`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from posts.models import Thread
from posts.seed import sampling


class Command(BaseCommand):
    """Add comments by invented people to the seed thread, or remove them.

    Running it again changes nothing.
    """

    help = "Fills the seed thread with a sample conversation marked as such; with --remove, takes it away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="take the sample conversation away")

    def handle(self, *, remove: bool, **options: Any) -> None:
        thread = Thread.objects.filter(planting_key="seed").first()
        if thread is None:
            raise CommandError(
                "The seed thread is not planted yet: run `manage.py plant_thread` (or `make run`) first."
            )
        if remove:
            self.stdout.write(f"Took {sampling.remove_sample(thread)} sample comments away.")
        else:
            made = sampling.add_sample(thread)
            self.stdout.write(f"Added {made} sample comments." if made else "The sample conversation is there.")
        self.stdout.write(f"The thread: {thread.get_absolute_url()}")
