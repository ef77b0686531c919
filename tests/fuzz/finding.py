"""Where contents are kept that a reader neither took nor refused: a test reads them again."""

import hashlib
from pathlib import Path

FOUND = Path(__file__).parent / "found"


def keep(name: str, content: bytes) -> Path:
    """Write a content that the reader `name` stumbled over; return its file."""
    path = FOUND / name.replace("/", "-") / hashlib.sha256(content).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
