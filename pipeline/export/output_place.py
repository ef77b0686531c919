"""The place where an output folder is made, and the renaming that puts it in its final place when it is complete.

An output is made beside its final place, so that it is either complete or absent. If the final place is an existing
folder, the output is made inside of it: the folder may be a mounted volume, which cannot be replaced, and which is
another disk than its parent.
"""

from pathlib import Path

from ..model_folder.folder_layout import ALL_COMPONENTS, MANIFEST, MODEL_INDEX

INSIDE = ".partial"
_OURS = {*ALL_COMPONENTS, MODEL_INDEX, "scheduler", "tokenizer"}
_OF_A_VOLUME = {"lost+found"}  # exists in an empty ext4 volume


def places_aside(output: Path) -> tuple[Path, Path]:
    """Return the folders where `output` may have been made: inside of it, and beside it."""
    return output / INSIDE, output.with_name(output.name + ".partial")


def place_aside(output: Path) -> Path:
    """Return the folder to make `output` in. It stays the same until `output` is complete."""
    inside, beside = places_aside(output)
    return inside if output.is_dir() else beside


def is_vacant(output: Path) -> bool:
    """Return True if nothing is in the place of `output`, except perhaps parts of an interrupted export."""
    if not output.is_dir():
        return not output.exists()
    names = {path.name for path in output.iterdir()} - _OF_A_VOLUME
    return not names or (INSIDE in names and names <= {INSIDE, *_OURS})


def put_in_place(folder: Path, output: Path) -> None:
    """Rename a complete folder to `output`, or move its content there if `output` exists.

    The manifest is moved last: with it the output counts as complete. `take_back` undoes an interrupted move.
    """
    if not output.exists():
        folder.rename(output)
        return
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MANIFEST):
        path.rename(output / path.name)


def take_back(folder: Path, output: Path) -> None:
    """Move files back that an interrupted `put_in_place` has moved from `folder` to `output`."""
    if output.is_dir() and folder.is_dir():
        for name in _OURS:
            if (output / name).exists() and not (folder / name).exists():
                (output / name).rename(folder / name)
