"""The comparison of a model folder with its manifest: size and SHA-256 of every file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError
from .files import difference, sha256
from .folder_layout import MANIFEST
from .manifest import ADVICE, Manifest


def verify(folder: Path, manifest: Manifest, hash_of: Callable[[Path], str] = sha256) -> None:
    """Raise ArtifactError for the first file of a folder that differs from its manifest.

    `hash_of` returns the SHA-256 of a file.
    """
    for name, problem in differences(folder, manifest, hash_of):
        raise ArtifactError(f"{folder / name} {problem}: {ADVICE}")


def differences(folder: Path, manifest: Manifest, hash_of: Callable[[Path], str] = sha256) -> Iterator[tuple[str, str]]:
    """Yield each file that differs from the manifest, with the difference in words."""
    for name, expected in manifest.files.items():
        if problem := difference(folder / name, expected, hash_of):
            yield name, problem


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file below `folder` except the manifest, in the form of `Manifest.files`."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)} for path in paths
    }
