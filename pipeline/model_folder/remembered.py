"""What was found out at an earlier start, and is not found out again while it holds, such as hashes of large files."""

import json
from contextlib import suppress
from pathlib import Path

from ..domain.json_text import json_object
from .files import sha256
from .whole_files import write_whole

LARGE = 16 << 20  # bytes; chosen: smaller files are hashed in a few hundredths of a second
MAX_FACTS = 1000  # chosen: a model has about ten


class Remembered:
    """A JSON file of facts, each with all that it depends on as its key. Those used last are kept.

    A file that is damaged, or cannot be written, only costs time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._facts = _read(path)

    def get(self, key: list[object]) -> object:
        """Return a fact, or None."""
        name = json.dumps(key)
        fact = self._facts.pop(name, None)
        if fact is not None:
            self._facts[name] = fact  # the last again
        return fact

    def put(self, key: list[object], fact: object) -> None:
        """Keep a fact."""
        self._facts[json.dumps(key)] = fact
        with suppress(OSError):
            write_whole(self._path, json.dumps(dict(list(self._facts.items())[-MAX_FACTS:])), is_durable=False)


def state_of(path: Path) -> list[object]:
    """Return what tells one state of a file from another; raise OSError if there is no such file.

    Programs can set a file's times, but not that of its last change. So the same state means the same content, unless
    the disk itself fails.
    """
    found = path.stat()
    times = found.st_mtime_ns, found.st_ctime_ns
    return [str(path.resolve()), found.st_dev, found.st_ino, found.st_size, *times]


def remembered_sha256(path: Path, facts: Remembered) -> str:
    """Return the SHA-256 of a file's content in hexadecimal. A large file is hashed once in each of its states."""
    if path.stat().st_size < LARGE:
        return sha256(path)
    key = state_of(path)
    known = facts.get(key)
    if isinstance(known, str):
        return known
    digest = sha256(path)
    facts.put(key, digest)
    return digest


def _read(path: Path) -> dict[str, object]:
    try:
        return json_object(path.read_bytes())
    except (OSError, ValueError):
        return {}
