"""A small real SMTP server on 127.0.0.1 for tests: takes messages, or answers and behaves as badly as told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Behaviour:
    """Replies by command (``{"RCPT": "550 no such user"}``); "drop" closes the connection. ``messages`` is what came in."""

    replies: dict[str, str] = field(default_factory=dict)
    messages: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    extensions: tuple[str, ...] = ("8BITMIME",)
    refused_recipients: dict[str, str] = field(default_factory=dict)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    behaviour: Behaviour


class Talk(socketserver.StreamRequestHandler):
    server: Server

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        with suppress(ConnectionError):
            self.talk()

    def talk(self) -> None:
        behaviour = self.server.behaviour
        behaviour.connections += 1
        greeting = behaviour.replies.get("CONNECT", "220 test")
        if greeting == "drop":
            return
        self.say(greeting)
        sender, recipients = "", []
        while line := self.rfile.readline():
            words = line.decode(errors="replace").strip()
            command = words[:4].upper()
            if command == "RCPT" and (reply := behaviour.refused_recipients.get(words[9:-1])):
                self.say(reply)
            elif reply := behaviour.replies.get(command):
                if reply == "drop":
                    return
                self.say(reply)
            elif command == "EHLO":
                self.say("250-test")
                for extension in behaviour.extensions:
                    self.say(f"250-{extension}")
                self.say("250 HELP")
            elif command == "MAIL":
                sender, recipients = words[10:].split(">")[0].lstrip("<"), []
                self.say("250 ok")
            elif command == "RCPT":
                recipients.append(words[9:-1])
                self.say("250 ok")
            elif command == "DATA":
                self.say("354 go on")
                content = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    content += line.removeprefix(b".") if line.startswith(b"..") else line
                reply = behaviour.replies.get("END", "250 taken")
                if reply == "drop":
                    return
                if reply.startswith("2"):
                    behaviour.messages.append((sender, recipients, content))
                self.say(reply)
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


@contextmanager
def smtp_server(behaviour: Behaviour) -> Iterator[Behaviour]:
    """Run the server; ``behaviour.port`` says where."""
    with Server(("127.0.0.1", 0), Talk) as server:
        server.behaviour = behaviour
        behaviour.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield behaviour
        finally:
            server.shutdown()
            thread.join()
