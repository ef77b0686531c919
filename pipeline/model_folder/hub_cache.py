"""The layout of the cache of the Hub's client: CACHE/models--OWNER--NAME/snapshots/COMMIT, with links to blobs."""

from dataclasses import dataclass
from pathlib import Path

_PREFIX = "models--"


@dataclass(frozen=True)
class Snapshot:
    """A folder with the files of one commit, as `hf download` prints it; `repo` is OWNER/NAME on the Hub.

    `blobs` are the folders that its links lead to: the repo's own, and that which all repos of a cache share.
    """

    repo: str
    blobs: tuple[Path, Path]


def find_snapshot(folder: Path) -> Snapshot | None:
    """Return the snapshot that a folder is, or lies in; None if it is in no such cache."""
    folder = folder.resolve()
    for snapshot in (folder, *folder.parents):
        repo = snapshot.parent.parent
        if snapshot.parent.name == "snapshots" and repo.name.startswith(_PREFIX):
            name = repo.name.removeprefix(_PREFIX).replace("--", "/")
            return Snapshot(name, (repo / "blobs", repo.parent / "blobs"))
    return None


def own_name(folder: Path) -> str:
    """Return what the model in a folder is called where nothing in it says so: its repo's name, or the folder's.

    It goes into files and pictures, so that bytes that are no Unicode are replaced.
    """
    snapshot = find_snapshot(folder)
    name = snapshot.repo if snapshot else folder.resolve().name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") or "model"
