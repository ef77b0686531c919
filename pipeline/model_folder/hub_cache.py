"""The layout of huggingface_hub's cache: CACHE/models--OWNER--NAME/snapshots/COMMIT, with links to blobs."""

from dataclasses import dataclass
from pathlib import Path

_PREFIX = "models--"


@dataclass(frozen=True)
class Snapshot:
    """A folder with the files of one commit, as `hf download` prints it.

    `repo` is OWNER/NAME on the Hub. `blobs` are the two folders that its links may lead to: the repo's own, and the one
    that all repos of a cache share.
    """

    repo: str
    blobs: tuple[Path, Path]


def find_snapshot(folder: Path) -> Snapshot | None:
    """Return the snapshot that is, or contains, a folder; None outside of such a cache."""
    folder = folder.resolve()
    for snapshot in (folder, *folder.parents):
        repo = snapshot.parent.parent
        if snapshot.parent.name == "snapshots" and repo.name.startswith(_PREFIX):
            name = repo.name.removeprefix(_PREFIX).replace("--", "/")
            return Snapshot(name, (repo / "blobs", repo.parent / "blobs"))
    return None


def own_name(folder: Path) -> str:
    """Return a name for a model that has none: its repo's on the Hub, or its folder's.

    Bytes that are not Unicode are replaced, since the name goes into files and pictures.
    """
    snapshot = find_snapshot(folder)
    name = snapshot.repo if snapshot else folder.resolve().name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") or "model"
