"""`manage.py tidy`: forgets what is to be forgotten; once a day is enough."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from posts.actions import drafting
from posts.models.draft import KEPT_FOR


class Command(BaseCommand):
    """Deletes what has been kept for as long as it is to be kept, and says how much that was."""

    help = "Deletes drafts that nobody is offered any more."

    def handle(self, **options):
        forgotten = drafting.forget_old(timezone.now())
        self.stdout.write(f"Drafts forgotten after {KEPT_FOR.days} days: {forgotten}.")
