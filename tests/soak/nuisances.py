"""Clients that lie and clients that say nothing, on bare sockets."""

import itertools
import os
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Event

PATIENCE = 10.0  # seconds that a connection is held; chosen: a round of the others passes meanwhile
POST = b"POST /v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


class Nuisance:
    """One who holds connections and sends nonsense. `findings` has what was answered otherwise than it should be."""

    def __init__(self, port: int) -> None:
        self.count: Counter[str] = Counter()
        self.findings: list[str] = []
        self._port = port

    def run(self, is_over: Event) -> None:
        kinds: tuple[Callable[[], None], ...] = (self.be_silent, self.promise_more, self.send_noise, self.send_too_much)
        for be in itertools.cycle(kinds):
            if is_over.wait(1.0):
                return
            with suppress(OSError):  # the server may close such a connection at any time, or be started again
                be()
            self.count[be.__name__.replace("_", " ")] += 1

    def be_silent(self) -> None:
        """Connect, and say nothing."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
            connection.settimeout(PATIENCE)
            connection.recv(1)

    def promise_more(self) -> None:
        """Announce a body, send half of it, and wait."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
            connection.sendall(POST + b'Content-Length: 1000\r\n\r\n{"prompt": "a house"')
            time.sleep(PATIENCE)

    def send_noise(self) -> None:
        """Announce JSON, and send bytes that are none."""
        self._expect(POST + b"Content-Length: 64\r\n\r\n" + os.urandom(64), b"400")

    def send_too_much(self) -> None:
        """Announce more bytes than the server takes."""
        self._expect(POST + b"Content-Length: 10000000000\r\n\r\n{", b"413")

    def _expect(self, request: bytes, status: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as connection:
            connection.sendall(request)
            answer = connection.recv(1 << 16)
        if answer and answer.split(b" ")[1] != status:
            self.findings.append(f"{request[-40:]!r} was answered {answer[:300]!r}")
