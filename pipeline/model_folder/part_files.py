"""The files of a foreign folder: regular ones inside of it, not links to files elsewhere."""

from collections.abc import Iterable
from pathlib import Path

from ..domain.errors import ArtifactError
from .hub_cache import find_snapshot

COPIED = (".json", ".model", ".txt", ".jinja")  # files of a tokenizer or scheduler that are neither code nor pickles


def check_inside(root: Path, paths: Iterable[Path]) -> None:
    """Raise ArtifactError for the first path that leads out of `root`, or to anything but a regular file or folder.

    In huggingface_hub's cache, links to the blobs of the same repo are allowed. Missing files are skipped.
    """
    snapshot = find_snapshot(root)
    homes = (root.resolve(), *(snapshot.blobs if snapshot else ()))
    for path in paths:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: a circular link, before Python 3.13
            continue  # whoever needs the file reports its absence
        if not any(target.is_relative_to(home) for home in homes):
            raise ArtifactError(f"{path} is a link out of {root}, and is not followed: put the file itself there.")
        if not target.is_file() and not target.is_dir():
            raise ArtifactError(f"{path} is neither a file nor a folder: put the file itself there.")


def part_files(folder: Path, root: Path) -> list[Path]:
    """Return the files of a part, sorted; raise ArtifactError as `check_inside` does, or if it cannot be listed."""
    check_inside(root, [folder])
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise ArtifactError(f"{folder} cannot be read ({error.strerror}).") from error
    check_inside(root, paths)
    return [path for path in paths if path.is_file()]
