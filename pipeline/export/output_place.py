"""Where an output is made until it is complete, and how it comes to its place: whole, and by renaming alone.

That is beside it, so that the output is complete or absent. A folder that is there already may be a mounted volume,
which nothing can take the place of and which is another disk than its parent: there it is made inside.
"""

from pathlib import Path

from ..model_folder.folder_layout import ALL_COMPONENTS, MANIFEST, MODEL_INDEX

INSIDE = ".partial"
_OURS = {*ALL_COMPONENTS, MODEL_INDEX, "scheduler", "tokenizer"}
_OF_A_VOLUME = {"lost+found"}  # an empty one has it


def places_aside(output: Path) -> tuple[Path, Path]:
    """Return the folders in which `output` may have been made: inside of it, and beside it."""
    return output / INSIDE, output.with_name(output.name + ".partial")


def place_aside(output: Path) -> Path:
    """Return the folder to make `output` in; the same one until `output` is complete."""
    inside, beside = places_aside(output)
    return inside if output.is_dir() else beside


def is_vacant(output: Path) -> bool:
    """Return whether nothing is in the place of `output`, but perhaps what an interrupted export has begun there."""
    if not output.is_dir():
        return not output.exists()
    names = {path.name for path in output.iterdir()} - _OF_A_VOLUME
    return not names or (INSIDE in names and names <= {INSIDE, *_OURS})


def put_in_place(folder: Path, output: Path) -> None:
    """Give a complete folder its final name, or move its content there, the manifest last: it says that all is there.

    A process that is killed in between leaves what `take_back` puts together again.
    """
    if not output.exists():
        folder.rename(output)
        return
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MANIFEST):
        path.rename(output / path.name)


def take_back(folder: Path, output: Path) -> None:
    """Undo what `put_in_place` has begun, before an export goes on."""
    if output.is_dir() and folder.is_dir():
        for name in _OURS:
            if (output / name).exists() and not (folder / name).exists():
                (output / name).rename(folder / name)
