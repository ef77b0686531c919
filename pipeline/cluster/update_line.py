"""The line from `python -m pipeline.cluster.update` to a running app.py of the same user on this machine.

A file in the user's cache folder, which nobody else reads, says where app.py listens and which key it asks for. Both
sides send lines of JSON.
"""

import json
import logging
import os
import platform
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..domain.errors import SanaError
from ..domain.json_text import json_object
from ..runtime.folders import cache_folder

_LOG = logging.getLogger(__name__)
FOLDER = "running"
LOOPBACK = "127.0.0.1"
MOST_REQUEST = 1 << 16  # bytes; chosen: a folder's path and a model's name are a few hundred
SECONDS = 3.0  # for a line to be opened, or for its request to come; chosen: both are on this machine

Update = Callable[[str, str | None], Iterator[str]]
"""`RollingUpdate.run`."""


@dataclass(frozen=True)
class RunningApp:
    """A running app.py: the port of its page, that of its line, and the key."""

    port: int
    line: int
    key: str


@contextmanager
def listening(port: int, update: Update) -> Iterator[None]:
    """Let the program whose page has this port be updated from this machine.

    An update that has begun goes on without its listener.
    """
    with socket.create_server((LOOPBACK, 0)) as listener:
        app = RunningApp(port, listener.getsockname()[1], secrets.token_hex(32))
        threading.Thread(target=_listen, args=(listener, app.key, update), daemon=True, name="update line").start()
        note = _folder() / f"{platform.node()}-{port}.json"
        note.unlink(missing_ok=True)  # of a killed program: only a new file has these rights
        with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(app), file)
        try:
            yield
        finally:
            note.unlink(missing_ok=True)
            with suppress(OSError):  # ends the thread; not everywhere is a listener connected
                listener.shutdown(socket.SHUT_RDWR)


def running_apps() -> list[RunningApp]:
    """Return the programs of this user that can be updated on this machine, by port."""
    apps = []
    for note in _folder().glob(f"{platform.node()}-*.json"):
        try:
            app = RunningApp(**json_object(note.read_text()))
            socket.create_connection((LOOPBACK, app.line), SECONDS).close()
            apps.append(app)
        except (OSError, ValueError, TypeError):  # a killed program has left it
            note.unlink(missing_ok=True)
    return sorted(apps, key=lambda each: each.port)


def ask(app: RunningApp, model: str, replaced: str | None) -> Iterator[str]:
    """Let a program update, and yield what happens there; raise SanaError if it refuses, fails or ends."""
    try:
        with socket.create_connection((LOOPBACK, app.line), SECONDS) as connection, connection.makefile("rw") as line:
            connection.settimeout(None)  # the replicas may end long pictures
            line.write(json.dumps({"key": app.key, "model": model, "replaced": replaced}) + "\n")
            line.flush()
            for answer in map(json_object, line):
                if "error" in answer:
                    raise SanaError(answer["error"])
                if "end" in answer:
                    return
                yield answer["text"]
    except (OSError, ValueError, KeyError):
        pass
    raise SanaError("app.py ended before it was updated.")


def _listen(listener: socket.socket, key: str, update: Update) -> None:
    with suppress(OSError):  # the listener is closed
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection, key, update), daemon=True, name="update").start()


def _answer(connection: socket.socket, key: str, update: Update) -> None:
    def send(**answer: object) -> None:
        with suppress(OSError):  # nobody listens any more
            connection.sendall(json.dumps(answer).encode() + b"\n")

    with connection, connection.makefile("r") as line:
        connection.settimeout(SECONDS)
        try:
            request = json_object(line.readline(MOST_REQUEST))
            if not secrets.compare_digest(str(request["key"]).encode(), key.encode()):
                return
            model, replaced = request["model"], request["replaced"]
        except (OSError, ValueError, KeyError):  # somebody looked whether the program runs
            return
        try:
            for text in update(model, replaced):
                send(text=text)
            send(end=True)
        except SanaError as error:
            send(error=str(error))
        except Exception:  # noqa: BLE001 - a thread: nobody else would hear of it
            _LOG.exception("An update failed")
            send(error="The update failed: the terminal of app.py says more.")


def _folder() -> Path:
    folder = cache_folder() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
