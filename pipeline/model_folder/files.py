"""Files of a model folder, each by itself: reading a JSON object, hashing, and comparing with what was recorded."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError, SanaError
from ..domain.problems import shown

MAX_JSON = 16 << 20  # bytes; the largest of ours lists the weights of 4.8 billion in a tenth of that


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; raise ArtifactError if there is none, or one with a key twice."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ValueError("it is no file")
        if path.stat().st_size > MAX_JSON:
            raise ValueError(f"it has more than {MAX_JSON:,} bytes")
        value = json.loads(path.read_bytes().decode("utf-8"), object_pairs_hook=_without_repetition)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ArtifactError(f"{path} cannot be read ({reason or one_line(error)}).") from error
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
    try:
        if not path.is_file():
            return "is missing"
        size = path.stat().st_size
        if size != expected["size"]:
            return f"has {size:,} bytes instead of {expected['size']:,}"
        # The hash is read even where the size fits: a flipped bit would show only as a strange picture.
        return None if sha256(path) == expected["sha256"] else "is damaged (its sha256 differs from the manifest)"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def one_line(error: BaseException) -> str:
    """Return an error's message in one line, its type's name if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Turn whatever a library raises for what it reads into an ArtifactError: `what`, and the reason in brackets."""
    try:
        yield
    except SanaError:
        raise
    except Exception as error:
        raise ArtifactError(f"{what} ({first_line(error)}).") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of libraries in Rust, which is no Exception
            raise
        raise ArtifactError(f"{what} ({first_line(error)}).") from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message without its stop, its type's name if it has none."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(" .:")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raise ValueError for a key that it has twice, of which readers take the one or the other."""
    record: dict[str, Any] = {}
    for name, value in pairs:
        if name in record:
            raise ValueError(f"it has {shown(name)} twice")
        record[name] = value
    return record


@lru_cache
def _sha256(path: Path, inode: int, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
