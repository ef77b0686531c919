"""How well does the miniature change pictures? `python -m pipeline.miniature.training.changes [SCENES]` prints tables.

The world draws each scene, and draws what the change should make of it, so that no detector is needed:

- another colour: a scene of one thing is drawn anew with a prompt that names another colour.
- larger: a scene drawn at half the size is enlarged; PSNR against the true large drawing, beside Lanczos.
- filled in: of a scene of two things, one is missing and the mask marks its place. "outside" is the largest difference
  beyond the seam, of 255.

"As wanted" is the share of the pixels that should change, in which the picture is nearer to the drawing of the change
than to the drawing that was given.
"""

import dataclasses
import random
import statistics
import sys

import numpy as np
from PIL import Image

from pipeline import SanaPipeline
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.kinds import BY_ICON, COLOURS
from pipeline.miniature.precompiled import PrecompiledMiniature
from pipeline.miniature.training.world.captions import caption
from pipeline.miniature.training.world.painting import Artist
from pipeline.miniature.training.world.scenes import Scene, Thing, random_scene
from pipeline.model_folder.parity import psnr

SCENES = 60
STRENGTHS = (0.5, 0.6, 0.7, 0.8)
LARGER = (0.1, 0.2, 0.3, 0.4)
SIZES = ((128, 256), (192, 384))
DIFFERS = 40.0  # in RGB of 255: pixels of the two drawings that are further apart should change; chosen
SEAM = 64  # pixels beyond the mask that may change


def scenes(name: str, count: int, things: int) -> list[Scene]:
    """Return held-out scenes of so many different things, each offered and of a kind that comes in all colours."""
    rng = random.Random(f"changes {name}")
    found: list[Scene] = []
    while len(found) < count:
        scene = random_scene(rng, None)
        kinds = [BY_ICON[thing.kind] for thing in scene.things]
        if len(kinds) == things and scene.layout != "count" and all(kind.offered and kind.coloured for kind in kinds):
            found.append(scene)
    return found


def as_wanted(picture: Image.Image, wanted: Image.Image, given: Image.Image) -> float:
    """Return the share of the pixels that should change, in which `picture` is nearer to `wanted` than to `given`."""
    pixels, new, old = (np.asarray(each).astype(float) for each in (picture, wanted, given))
    should_change = np.linalg.norm(new - old, axis=-1) > DIFFERS
    nearer = np.linalg.norm(pixels - new, axis=-1) < np.linalg.norm(pixels - old, axis=-1)
    return float(nearer[should_change].mean())


def recoloured(scene: Scene, rng: random.Random) -> Scene:
    """Return the scene with its only thing in another colour."""
    (thing,) = scene.things
    colour = rng.choice([each for each in COLOURS if each not in (thing.colour, scene.background)])
    return dataclasses.replace(scene, things=(dataclasses.replace(thing, colour=colour),))


def another_colour(pipe: SanaPipeline, artist: Artist, count: int) -> None:
    """Print the table of recoloured things."""
    print("| another colour, at a strength of | as wanted, median |\n|---|---|")
    for strength in STRENGTHS:
        rng, shares = random.Random("colours"), []
        for seed, scene in enumerate(scenes("colour", count, things=1)):
            wanted, given = recoloured(scene, rng), artist.picture(scene)
            text = caption(wanted, random.Random(seed), complete=True, style=True)
            picture = pipe(text, image=given, strength=strength, seed=seed).images[0]
            shares.append(as_wanted(picture, artist.picture(wanted), given))
        print(f"| {strength} | {100 * statistics.median(shares):.0f} % |", flush=True)


def larger(pipe: SanaPipeline, artist: Artist, count: int) -> None:
    """Print the table of enlarged scenes."""
    print("\n| larger | by | PSNR, median |\n|---|---|---|")
    for small, large in SIZES:
        examples = [
            (artist.picture(scene, small, small), artist.picture(scene, large, large))
            for scene in scenes("larger", count, things=1)
        ]
        rows = {"Lanczos": [image.resize((large, large), Image.Resampling.LANCZOS) for image, _ in examples]}
        for strength in LARGER:
            rows[f"a strength of {strength}"] = [
                pipe.upscale(image, strength=strength, seed=seed).images[0] for seed, (image, _) in enumerate(examples)
            ]
        for name, pictures in rows.items():
            decibels = [
                psnr(np.asarray(picture), np.asarray(true), peak=255)
                for picture, (_, true) in zip(pictures, examples, strict=True)
            ]
            print(f"| {small} to {large} | {name} | {statistics.median(decibels):.1f} dB |", flush=True)


def filled_in(pipe: SanaPipeline, artist: Artist, count: int) -> None:
    """Print the table of filled-in things."""
    inside, outside = [], 0
    for seed, scene in enumerate(scenes("filled", count, things=2)):
        given = artist.picture(dataclasses.replace(scene, things=scene.things[:-1]))
        mask = box_mask(scene.things[-1], given.size)
        text = caption(scene, random.Random(seed), complete=True, style=True)
        picture = pipe(text, image=given, mask_image=mask, seed=seed).images[0]
        inside.append(as_wanted(picture, artist.picture(scene), given))
        reach = np.asarray(mask) > 0
        rows, columns = np.flatnonzero(reach.any(1)), np.flatnonzero(reach.any(0))
        kept = np.ones(reach.shape, bool)
        kept[max(0, rows[0] - SEAM) : rows[-1] + SEAM + 1, max(0, columns[0] - SEAM) : columns[-1] + SEAM + 1] = False
        difference = np.abs(np.asarray(picture).astype(int) - np.asarray(given).astype(int))[kept]
        outside = max(outside, int(difference.max(initial=0)))
    print("\n| filled in | as wanted, median | outside |\n|---|---|---|")
    print(f"| {count} scenes | {100 * statistics.median(inside):.0f} % | {outside} of 255 |")


def box_mask(thing: Thing, size: tuple[int, int]) -> Image.Image:
    """Return a mask that is white on the square around a thing."""
    width, height = size
    reach = 1.1 * thing.radius * min(size)
    mask = np.zeros((height, width), np.uint8)
    x, y = thing.x * width, thing.y * height
    mask[max(0, int(y - reach)) : int(y + reach), max(0, int(x - reach)) : int(x + reach)] = 255
    return Image.fromarray(mask)


def main(count: int = SCENES) -> None:
    """Print the tables."""
    pipe = SanaPipeline.from_pretrained(PrecompiledMiniature(CHECKPOINT).folder(lambda progress: None))
    artist = Artist()
    another_colour(pipe, artist, count)
    larger(pipe, artist, count)
    filled_in(pipe, artist, count)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
