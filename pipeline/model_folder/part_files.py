"""The files of a folder from elsewhere: regular ones, in the folder itself, and not by a link to somewhere else."""

from collections.abc import Iterable
from pathlib import Path

from ..domain.errors import ArtifactError
from .hub_cache import find_snapshot

COPIED = (".json", ".model", ".txt", ".jinja")  # of a tokenizer or a scheduler: texts and tables, no code, no pickles


def check_inside(root: Path, paths: Iterable[Path]) -> None:
    """Raise ArtifactError for the first path that leads out of the folder `root`, or to no regular file or folder.

    Links within the cache of the Hub's client, where files are kept once for several revisions, are its own.
    """
    snapshot = find_snapshot(root)
    homes = (root.resolve(), *(snapshot.blobs if snapshot else ()))
    for path in paths:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: a link in a circle, in Pythons before 3.13
            continue  # there is nothing to read, which is said where it is wanted
        if not any(target.is_relative_to(home) for home in homes):
            raise ArtifactError(f"{path} is a link out of {root}, and is not followed: put the file itself there.")
        if not target.is_file() and not target.is_dir():
            raise ArtifactError(f"{path} is neither a file nor a folder: put the file itself there.")


def part_files(folder: Path, root: Path) -> list[Path]:
    """Return the files of a part, in order; raise ArtifactError as `check_inside` does, or if it cannot be read."""
    check_inside(root, [folder])
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise ArtifactError(f"{folder} cannot be read ({error.strerror}).") from error
    check_inside(root, paths)
    return [path for path in paths if path.is_file()]
