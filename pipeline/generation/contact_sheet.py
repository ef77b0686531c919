"""A sheet of all pictures of a grid, with what was set for each beside and above it."""

from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFont

from ..domain.axes import Axes, cells, place_text

SIDE, MARGIN, LABEL, LINE = 256, 8, 200, 18  # pixels
MAX_PIXELS = 100_000_000  # chosen: opens everywhere
LETTERS = 26  # of a line of a label


def draw_sheet(axes: Axes, prompts: Sequence[str], pictures: Iterable[Image.Image | None]) -> Image.Image:
    """Return the sheet: a column for each value of the last axis, and a row for each prompt and all else.

    `pictures` come prompt by prompt and cell by cell, None for one that is missing.
    """
    *above, across = axes
    columns = [place_text({across: value}) for value in axes[across]]
    places = cells(axes)[:: len(columns)]
    rows = [[prompt, *(place_text({name: place[name]}) for name in above)] for prompt in prompts for place in places]
    side = min(SIDE, int((MAX_PIXELS / (len(rows) * len(columns))) ** 0.5))
    step = side + MARGIN
    sheet = Image.new("RGB", (LABEL + len(columns) * step, 2 * LINE + len(rows) * step), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, label in enumerate(columns):
        pen.text((LABEL + column * step, LINE / 2), label[: side // 8], "black", font)
    for row, lines in enumerate(rows):
        pen.text((MARGIN, 2 * LINE + row * step), _wrapped(lines, side), "black", font)
    for place, picture in enumerate(pictures):
        if picture is not None:
            small = picture.copy()
            small.thumbnail((side, side))
            sheet.paste(small, (LABEL + place % len(columns) * step, 2 * LINE + place // len(columns) * step))
    return sheet


def _wrapped(texts: Sequence[str], height: int) -> str:
    printable = ["".join(letter if letter.isprintable() else " " for letter in text) for text in texts]
    lines = [text[begin : begin + LETTERS] for text in printable for begin in range(0, len(text), LETTERS)]
    return "\n".join(lines[: height // LINE])
