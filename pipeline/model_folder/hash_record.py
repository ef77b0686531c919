"""A record of the SHA-256 of large files, so that an unchanged file is hashed once and not at every start."""

import json
from contextlib import suppress
from pathlib import Path

from .files import sha256
from .whole_files import write_whole

LARGE = 16 << 20  # bytes; chosen: smaller files are hashed in a few hundredths of a second
MAX_FILES = 1000  # in the record, the last used ones; chosen: a model has about six large files


class HashRecord:
    """A file with the hashes of other files, each with the state that the file was in: inode, size and times.

    A file's time of change cannot be set by programs, so a state that is the same means the same content, unless the
    disk itself fails. A record that is damaged, or cannot be written, only costs time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of a file's content in hexadecimal; raise OSError if it cannot be read."""
        found = path.stat()
        if found.st_size < LARGE:
            return sha256(path)
        name = str(path.resolve())
        state = [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
        known = self._known.pop(name, None)
        if isinstance(known, dict) and known.get("state") == state and isinstance(known.get("sha256"), str):
            self._known[name] = known  # last again
            return str(known["sha256"])
        digest = sha256(path)
        self._known[name] = {"state": state, "sha256": digest}
        with suppress(OSError):
            write_whole(self._path, json.dumps(dict(list(self._known.items())[-MAX_FILES:])), is_durable=False)
        return digest


def _read(path: Path) -> dict[str, object]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
