"""Where the precompiled miniature is kept: a folder of the user's cache, named by all that decides its content."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from ..artifacts import FORMAT_VERSION, TOOLS, sha256
from ..machine import cache_folder

COMPRESSION = "fp16"
EXPORT_SOURCES = Path(__file__).parents[1] / "export"


def cached_folder(checkpoint: Path) -> Path:
    """The IR folder of this checkpoint as this version makes it; an update of anything makes it another one."""
    return cache_folder() / f"miniature-{COMPRESSION}-{_fingerprint(checkpoint)}"


def _fingerprint(checkpoint: Path) -> str:
    digest = hashlib.sha256(f"format {FORMAT_VERSION}".encode())
    for tool in TOOLS:
        digest.update(f"{tool} {version(tool)}".encode())
    for folder, pattern in ((EXPORT_SOURCES, "*.py"), (checkpoint, "*")):
        for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
            digest.update(f"{path.relative_to(folder).as_posix()} {sha256(path)}".encode())
    return digest.hexdigest()[:12]
