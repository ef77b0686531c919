"""The sheet of a batch, from the pictures in its folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from ..domain.axes import Axes, count_cells
from ..generation.contact_sheet import draw_sheet
from .batch_run import Cell
from .results import ResultLine

FILE = "sheet.png"


def draw_grid_sheet(axes: Axes, todo: Sequence[Cell], results: Sequence[ResultLine], folder: Path) -> Image.Image:
    """Return the sheet of all cells, with the pictures that are in the folder."""
    prompts = [cell.line.prompt for cell in todo[:: count_cells(axes)]]
    return draw_sheet(axes, prompts, _pictures(results, folder))


def _pictures(results: Sequence[ResultLine], folder: Path) -> Iterator[Image.Image | None]:
    for line in results:
        if line.file is None:
            yield None
            continue
        with Image.open(folder / line.file) as picture:
            yield picture
