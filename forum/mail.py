"""Mail on a laptop: shown on the console and kept as a file in var/mail, sent nowhere."""

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as Console
from django.core.mail.backends.filebased import EmailBackend as Files


class LaptopBackend(BaseEmailBackend):
    """Hands each message to Django's console backend and to its file backend (EMAIL_FILE_PATH)."""

    def __init__(self, **options):
        super().__init__(**options)
        self.backends = [Console(**options), Files(**options)]

    def send_messages(self, messages):
        """Delivers to both; returns how many messages there were."""
        for backend in self.backends:
            backend.send_messages(messages)
        return len(messages)
