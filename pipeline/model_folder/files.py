"""Files of a model folder, each by itself: reading a JSON object, hashing, and comparing with what was recorded."""

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; raise ArtifactError if there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({one_line(error)}).") from error
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is no JSON object.")
    return value


def expand_home(path: str | Path) -> Path:
    """Return a path with its "~" replaced; as it is where there is no such home, of which pathlib makes an error."""
    return Path(os.path.expanduser(path))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    # A model is verified when it is fetched and when it is loaded; gigabytes take seconds, so that files are read again
    # only where they have changed since.
    state = path.stat()
    return _sha256(path, state.st_ino, state.st_size, state.st_mtime_ns)


def difference(path: Path, expected: dict[str, Any]) -> str | None:
    """Return what is wrong with a file that should have `expected`'s "size" in bytes and "sha256"; None if nothing."""
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != expected["size"]:
        return f"has {size:,} bytes instead of {expected['size']:,}"
    # The hash is read even where the size fits: a flipped bit would show only as a strange picture.
    return None if sha256(path) == expected["sha256"] else "is damaged (its sha256 differs from the manifest)"


def one_line(error: Exception) -> str:
    """Return an error's message in one line, its type's name if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


@lru_cache
def _sha256(path: Path, inode: int, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
