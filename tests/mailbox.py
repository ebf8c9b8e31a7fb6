"""A real SMTP server on the loopback that keeps what it is sent, or refuses every recipient."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message


@dataclass
class Mailbox:
    port: int = 0
    refuses: bool = False
    recipients: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """A server until the block ends."""
    mailbox = Mailbox()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _conversation(mailbox))
    server.daemon_threads = True
    mailbox.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _conversation(mailbox: Mailbox) -> type[socketserver.StreamRequestHandler]:
    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 mailbox")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    self._take_recipient(line)
                elif verb == b"DATA":
                    self._take_message()
                elif verb == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _take_recipient(self, line: bytes) -> None:
            if mailbox.refuses:
                self._say("550 no such user")
                return
            mailbox.recipients.append(line.partition(b"<")[2].partition(b">")[0].decode())
            self._say("250 ok")

        def _take_message(self) -> None:
            self._say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            mailbox.messages.append(email.message_from_bytes(b"".join(lines)))
            self._say("250 taken")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    return Conversation
