"""The sprites of the miniature's world: `python -m pipeline.miniature.training.world.sprites` fetches and renders them.

It needs npm and `resvg-py`, and writes `.miniature/sprites.zip` for the training: a lossless WebP of
256 x 256 pixels for each kind and hand, cropped to its visible part. The art is Fluent Emoji by Microsoft (MIT) and
Noto Emoji by Google (Apache-2.0), as packed by Iconify.
"""

import io
import json
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from PIL import Image

from pipeline.miniature.kinds import HANDS, KINDS, SHAPES
from pipeline.miniature.training.training_run import WORK

SIZE = 256
SPRITES = WORK / "sprites.zip"
VERSIONS = {"fluent-emoji-flat": "1.2.6", "fluent-emoji": "1.2.7", "noto": "1.2.9"}
SIDES = {"fluent-emoji-flat": 32, "fluent-emoji": 32, "noto": 128}  # of the square viewBox of each package's icons
SHAPE_BODIES = {
    "circle": '<circle cx="16" cy="16" r="15" fill="#d62e2a"/>',
    "square": '<rect x="1" y="1" width="30" height="30" rx="1" fill="#d62e2a"/>',
    "triangle": '<path d="M16 2 31 30H1z" fill="#d62e2a"/>',
}


def load() -> np.ndarray:
    """Return all sprites, uint8 [kinds, hands, SIZE, SIZE, RGBA], each as large as fits its square.

    Kinds whose home is "land" or "thing" stand on the lower edge of the square. The others are in its middle.
    """
    sprites = np.zeros((len(KINDS), len(HANDS), SIZE, SIZE, 4), np.uint8)
    with zipfile.ZipFile(SPRITES) as archive:
        for index, kind in enumerate(KINDS):
            for number, hand in enumerate(HANDS):
                picture = Image.open(io.BytesIO(archive.read(f"{hand}/{kind.icon}.webp")))
                pixels = np.asarray(picture.convert("RGBA"))
                if kind.home in ("land", "thing"):
                    lowest = int(np.flatnonzero(pixels[:, :, 3].any(1)).max())
                    pixels = np.roll(pixels, SIZE - 2 - lowest, axis=0)
                sprites[index, number] = pixels
    return sprites


def main() -> None:
    """Fetch and render the sprites, and write the archive."""
    WORK.mkdir(parents=True, exist_ok=True)
    aside = SPRITES.with_suffix(".tmp")
    with ProcessPoolExecutor() as pool, zipfile.ZipFile(aside, "w") as archive:
        jobs = list(_bodies())
        for (name, _, _), data in zip(jobs, pool.map(_sprite, jobs, chunksize=16), strict=True):
            archive.writestr(name, data)
    os.replace(aside, SPRITES)
    print(f"{len(jobs)} sprites, {SPRITES.stat().st_size / 1e6:.1f} MB")


def _bodies() -> Iterator[tuple[str, str, int]]:
    """Yield the file name, the SVG body and the side of its viewBox, for each kind and hand."""
    for hand, package in HANDS.items():
        icons = _package(package)
        side = SIDES[package]
        for kind in KINDS:
            name = f"{hand}/{kind.icon}.webp"
            if kind.icon in SHAPES:
                yield name, SHAPE_BODIES[kind.icon], 32
            else:
                icon = icons.get("aliases", {}).get(kind.icon, {}).get("parent", kind.icon)
                yield name, icons["icons"][icon]["body"], side


def _package(name: str) -> dict[str, dict[str, dict[str, str]]]:
    path = WORK / f"iconify-json-{name}-{VERSIONS[name]}.tgz"
    if not path.exists():
        subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", WORK, f"@iconify-json/{name}@{VERSIONS[name]}"],
            check=True,
        )
    with tarfile.open(path) as archive:
        file = archive.extractfile("package/icons.json")
        assert file
        icons: dict[str, dict[str, dict[str, str]]] = json.load(file)
        return icons


def _sprite(job: tuple[str, str, int]) -> bytes:
    import resvg_py

    _, body, side = job
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="384" height="384">{body}</svg>'
    picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGBA")
    cut = picture.crop(picture.getchannel("A").point(lambda alpha: 255 * (alpha > 8)).getbbox())
    scale = (SIZE - 2) / max(cut.size)  # a margin of one pixel keeps edges smooth when the sprite is sampled
    width, height = (round(side * scale) for side in cut.size)
    cut = cut.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS)
    sprite = Image.new("RGBA", (SIZE, SIZE))
    sprite.paste(cut.convert("RGBA"), ((SIZE - width) // 2, (SIZE - height) // 2))
    buffer = io.BytesIO()
    sprite.save(buffer, "WEBP", lossless=True, exact=False)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
