"""Waitress's HTTP protocol with four differences.

No chunked request bodies, no cookies that take long to read, no body in the answer to HEAD, and one answer to requests
that are sent without waiting.
"""

from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.task import WSGITask
from waitress.utilities import Error, RequestHeaderFieldsTooLarge

# Characters of the cookies of a request. Browsers send those of a whole domain; ours take less than 3,000.
MOST_COOKIES = 8_192
# Backslashes in them. Python up to 3.12.4 takes seconds to read a quoted cookie with thousands (CVE-2024-7592).
MOST_BACKSLASHES = 50


class LengthRequired(Error):  # noqa: N818  (named like those of waitress)
    """The answer to a request whose length is not known in advance."""

    code = 411
    reason = "Length Required"


class Parser(HTTPRequestParser):
    """Refuses chunked request bodies.

    Waitress reads the lines between the chunks without a limit, and searches them again with each read. A few hundred
    lines without an end would stop the site. Browsers and nginx send the length of a body.
    """

    body_rcv: Any = None

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers; raises ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            # an address or a length that Python cannot read; the message would have a part of it
            raise ParsingError("The request could not be read.") from error
        cookies = self.headers.get("COOKIE", "")
        if len(cookies) > MOST_COOKIES or cookies.count("\\") > MOST_BACKSLASHES:
            self.error = RequestHeaderFieldsTooLarge("Please delete the cookies of this site.")
        if isinstance(self.body_rcv, ChunkedReceiver):
            # without a receiver of the body, the request is complete
            self.body_rcv, self.expect_continue = None, False
            self.error = LengthRequired("Please send the length of the body.")


class Task(WSGITask):
    """Sends the headers of an answer to HEAD, and no body. Waitress leaves that to the application.

    If a client has sent further requests already, the connection is closed after the first answer. Each answer may keep
    a file open until it is read, and browsers and nginx wait for an answer before the next request.
    """

    def start(self) -> None:
        """Begin the answer."""
        super().start()
        if len(self.channel.requests) > 1:
            self.set_close_on_finish()

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment; for HEAD without the wrapper of files, which would not use `write`."""
        environ = super().get_environment()
        if self.request.command == "HEAD":
            environ.pop("wsgi.file_wrapper", None)
        return environ

    def write(self, data: bytes) -> None:
        """Send a part of the answer."""
        if self.request.command == "HEAD":
            self.content_bytes_written += len(data)
            data = b""
        super().write(data)

    def finish(self) -> None:
        """End the answer."""
        if self.request.command == "HEAD":
            self.write(b"")
            # the last chunk would be a part of the body
            self.chunked_response = False
        super().finish()


class Channel(HTTPChannel):
    """A connection that uses this protocol. Waitress logs its representation, so that has no address."""

    parser_class = Parser
    task_class = Task

    def __repr__(self) -> str:
        return "<connection>"
