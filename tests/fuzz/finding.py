"""Where contents are kept that a reader neither took nor refused: a test reads them again."""

import hashlib
from pathlib import Path

FOUND = Path(__file__).parent / "found"


def file_name(name: str) -> str:
    """Return the name of a reader as that of a folder."""
    return name.replace("/", "-")


def keep(name: str, content: bytes) -> Path:
    """Write a content that the reader `name` stumbled over; return its file."""
    path = FOUND / file_name(name) / hashlib.sha256(content).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
