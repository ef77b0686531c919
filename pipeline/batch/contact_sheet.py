"""A sheet of all pictures of a grid, with what was set for each beside and above it."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .batch_run import Cell
from .grid import Axes
from .results import ResultLine

FILE = "sheet.png"
SIDE, MARGIN, LABEL, LINE = 256, 8, 200, 18  # pixels
MAX_PIXELS = 100_000_000  # chosen: opens everywhere
LETTERS = 26  # of a line of a label


def draw_sheet(axes: Axes, todo: Sequence[Cell], results: Sequence[ResultLine], folder: Path) -> Image.Image:
    """Return the sheet: a column for each value of the last axis, and a row for all else."""
    *_, across = axes
    columns = len(axes[across])
    rows = len(todo) // columns
    side = min(SIDE, int((MAX_PIXELS / len(todo)) ** 0.5))
    step = side + MARGIN
    sheet = Image.new("RGB", (LABEL + columns * step, 2 * LINE + rows * step), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, value in enumerate(axes[across]):
        pen.text((LABEL + column * step, LINE / 2), f"{across}={value}"[: side // 8], "black", font)
    for row in range(rows):
        first = todo[row * columns]
        place = [f"{name}={value}" for name, value in first.place.items() if name != across]
        pen.text((MARGIN, 2 * LINE + row * step), _wrapped([first.line.prompt, *place], side), "black", font)
        for column in range(columns):
            file = results[row * columns + column].file
            if file is not None:
                with Image.open(folder / file) as picture:
                    picture.thumbnail((side, side))
                    sheet.paste(picture, (LABEL + column * step, 2 * LINE + row * step))
    return sheet


def _wrapped(texts: Sequence[str], height: int) -> str:
    printable = ["".join(letter if letter.isprintable() else " " for letter in text) for text in texts]
    lines = [text[begin : begin + LETTERS] for text in printable for begin in range(0, len(text), LETTERS)]
    return "\n".join(lines[: height // LINE])
