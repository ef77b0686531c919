"""The sheet of a batch: a column for each value of the grid's last axis, and a row for all else."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from ..domain.axes import Axes, place_text
from ..generation.contact_sheet import draw_sheet
from .batch_run import Cell
from .results import ResultLine

FILE = "sheet.png"


def draw_grid_sheet(axes: Axes, todo: Sequence[Cell], results: Sequence[ResultLine], folder: Path) -> Image.Image:
    """Return the sheet of all cells, with the pictures that are in the folder."""
    *_, across = axes
    columns = [place_text({across: value}) for value in axes[across]]
    rows = [[first.line.prompt, *_other_axes(first, across)] for first in todo[:: len(columns)]]
    return draw_sheet(columns, rows, _pictures(results, folder))


def _other_axes(cell: Cell, across: str) -> list[str]:
    return [place_text({name: value}) for name, value in cell.place.items() if name != across]


def _pictures(results: Sequence[ResultLine], folder: Path) -> Iterator[Image.Image | None]:
    for line in results:
        if line.file is None:
            yield None
            continue
        with Image.open(folder / line.file) as picture:
            yield picture
