"""Letters are written with what they tell of and leave by `manage.py work`, so that no request waits for them."""

import logging
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from posts.models import Letter

logger = logging.getLogger(__name__)
# between two attempts; and after so long and so many, nobody lives there
PAUSE, KEPT_FOR, LEAST_TRIES = timedelta(minutes=5), timedelta(days=3), 50


def write(*, address, subject, body):
    """A Letter in the caller's transaction, which leaves when that is kept."""
    return Letter.objects.create(address=address, subject=subject, body=body, written_at=timezone.now())


@transaction.atomic
def send(pk):
    """Sends one letter, if nobody else is doing so; whether it left. A fault is logged, and the letter waits: whatever
    the mail backend raises, the other letters do not wait with it."""
    letter = Letter.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if letter is None:
        return False
    try:
        send_mail(letter.subject, letter.body, None, [letter.address])
    except Exception:
        logger.exception("Letter %s could not be sent; it waits.", pk)
        letter.tried_at, letter.tries = timezone.now(), letter.tries + 1
        letter.save(update_fields=["tried_at", "tries"])
        return False
    letter.delete()
    return True


def waiting(at):
    """The ids of letters that are to be tried at the moment `at`, those never tried first."""
    due = Letter.objects.filter(Q(tried_at=None) | Q(tried_at__lte=at - PAUSE))
    return due.order_by(F("tried_at").asc(nulls_first=True), "id").values_list("pk", flat=True)


def forget_undelivered(at):
    """Forgets letters that could not be sent for KEPT_FOR before the moment `at`; how many, which is logged."""
    forgotten = Letter.objects.filter(written_at__lt=at - KEPT_FOR, tries__gte=LEAST_TRIES).delete()[0]
    if forgotten:
        logger.error("Letters given up after %s days: %s.", KEPT_FOR.days, forgotten)
    return forgotten
