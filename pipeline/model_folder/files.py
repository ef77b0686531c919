"""Single files of a model folder: reading JSON, hashing, comparing with a record, and errors in one sentence."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError, SanaError
from ..domain.json_text import json_object

MAX_JSON = 16 << 20  # bytes; chosen: ten times the largest, the list of the weights of SANA1.5 4.8B


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; raise ArtifactError if there is none, or if a key is repeated."""
    try:
        if path.exists() and not path.is_file():  # reading a pipe would block
            raise ValueError("it is no file")
        if path.stat().st_size > MAX_JSON:
            raise ValueError(f"it has more than {MAX_JSON:,} bytes")
        text = path.read_bytes().decode("utf-8")
        return json_object(text, takes_infinity=True)  # diffusers' schedulers have -Infinity
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ArtifactError(f"{path} cannot be read ({reason or one_line(error)}).") from error


def expand_home(path: str | Path) -> Path:
    """Return a path with its "~" expanded; unlike pathlib, return it unchanged if there is no such home."""
    return Path(os.path.expanduser(path))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    # A model is verified after a download and before loading. Hashing gigabytes takes seconds, so the hash of an
    # unchanged file is cached.
    state = path.stat()
    return _sha256(path, state.st_ino, state.st_size, state.st_mtime_ns)


def difference(path: Path, expected: dict[str, Any], hash_of: Callable[[Path], str] = sha256) -> str | None:
    """Compare a file with its `expected` "size" in bytes and "sha256"; return the difference in words, or None.

    `hash_of` returns the SHA-256 of a file.
    """
    try:
        if not path.is_file():
            return "is missing"
        size = path.stat().st_size
        if size != expected["size"]:
            return f"has {size:,} bytes instead of {expected['size']:,}"
        # Compare the hash even if the size fits: a flipped bit would only show as a strange picture.
        return None if hash_of(path) == expected["sha256"] else "is damaged (its sha256 differs from the manifest)"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def one_line(error: BaseException) -> str:
    """Return an error's message joined into one line, or the name of its type if it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Turn any error of a library that reads a file into an ArtifactError: `what`, and the reason in brackets."""
    try:
        yield
    except SanaError:
        raise
    except Exception as error:
        raise ArtifactError(f"{what} ({first_line(error)}).") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # from Rust libraries; not a subclass of Exception
            raise
        raise ArtifactError(f"{what} ({first_line(error)}).") from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message without its full stop, or the name of its type if it has none."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(" .:")


@lru_cache
def _sha256(path: Path, inode: int, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
