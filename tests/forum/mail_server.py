"""A mail server for tests that answers, refuses, does not respond or kills its client, as configured."""

import socket
import threading
from email import message_from_bytes


class MailServer:
    """Speaks SMTP on a port of loopback in a thread, for a `with` statement.

    `answers` maps a verb, or "." for the end of the text, to the answer in place of the usual one; None means silence.
    `at` is called with each verb before it is answered. `connections` counts clients, `messages` has what was taken.
    """

    USUAL = {
        "EHLO": "250 ok",
        "HELO": "250 ok",
        "MAIL": "250 ok",
        "RCPT": "250 ok",
        "DATA": "354 go on",
        ".": "250 taken",
        "RSET": "250 ok",
        "QUIT": "221 bye",
        "hello": "220 test",
    }

    def __init__(self, answers=None, at=lambda verb: None):
        self.answers, self.at = answers or {}, at
        self.connections, self.messages, self.open = 0, [], []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()
        return self

    def __exit__(self, *fault):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for client in self.open:
            client.close()
        self.thread.join()

    def _listen(self):
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(client)
            try:
                self._talk(client)
            except OSError:
                # the client is gone
                continue

    def _say(self, client, verb):
        self.at(verb)
        answer = self.answers.get(verb, self.USUAL.get(verb, "500 unknown"))
        if answer is not None:
            client.sendall(f"{answer}\r\n".encode())
        return answer

    def _talk(self, client):
        lines = client.makefile("rb")
        if self._say(client, "hello") is None:
            return
        while line := lines.readline():
            verb = line.split()[0].decode().upper()
            if self._say(client, verb) is None:
                return
            if verb == "DATA" and self.answers.get("DATA") is None:
                text = b""
                while (line := lines.readline()) not in (b".\r\n", b""):
                    text += line
                if line == b"":
                    return
                taken = message_from_bytes(text)
                if self.answers.get(".", self.USUAL["."]) == self.USUAL["."]:
                    self.messages.append(taken)
                if self._say(client, ".") is None:
                    return
            if verb == "QUIT":
                return
