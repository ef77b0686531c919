"""The miniature's pictures in the README and on the page: `python -m pipeline.miniature.training.samples`.

It draws `contact-sheet.png`, and the samples that the page shows at first, each with the seed 0 and the defaults.
"""

import textwrap
from pathlib import Path

from PIL import Image, ImageDraw

from pipeline import SanaPipeline
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.precompiled import PrecompiledMiniature

SHEET = CHECKPOINT.parent / "contact-sheet.png"
PAGE = CHECKPOINT.parents[1] / "page" / "samples"
SAMPLES = (
    "a fox beside a castle at night",
    "two penguins in the snow",
    "a red balloon over a mountain",
    "a snowman next to a christmas tree in the snow",
    "a purple mushroom in the desert",
    "a bee above a sunflower on a sunny day",
)
PROMPTS = (
    *SAMPLES,
    "a slice of pizza and a cup of coffee on plain paper",
    "three yellow stars at night",
    "a sailboat at sunset",
    "a red house beside a green tree on the grass",
    "an owl over a house at night",
    "a rocket and a moon at night",
    "a giraffe beside a palm tree in the desert",
    "a rainbow over a castle by day",
    "two strawberries on a yellow background",
    "a whale and a dolphin at sea",
    "a blue circle next to a red square",
    "a crown on a purple background",
)
COLUMNS, SIDE, LINES, GAP = 6, 200, 34, 8  # pixels, but the columns
THUMBNAIL = 128  # pixels; twice the height on the page, for sharp screens


def main() -> None:
    """Write the sheet and the page's samples."""
    pipe = SanaPipeline.from_pretrained(PrecompiledMiniature(CHECKPOINT).folder(lambda progress: None))
    pictures = [pipe(prompt, seed=0).images[0] for prompt in PROMPTS]
    _sheet(pictures).save(SHEET, optimize=True)
    for path in PAGE.glob("*.webp"):
        path.unlink()
    for prompt, picture in zip(SAMPLES, pictures, strict=False):
        small = picture.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        small.save(PAGE / Path(prompt.replace(" ", "-")).with_suffix(".webp"))


def _sheet(pictures: list[Image.Image]) -> Image.Image:
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + GAP) + GAP, rows * (SIDE + LINES) + GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for index, (prompt, picture) in enumerate(zip(PROMPTS, pictures, strict=True)):
        x, y = GAP + index % COLUMNS * (SIDE + GAP), GAP + index // COLUMNS * (SIDE + LINES)
        sheet.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (x, y))
        pen.multiline_text((x, y + SIDE + 2), "\n".join(textwrap.wrap(prompt, 34)), "black", spacing=2, font_size=11)
    return sheet


if __name__ == "__main__":
    main()
