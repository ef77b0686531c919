"""How well does the miniature change pictures? `python -m pipeline.miniature.training.changes [SCENES]` prints tables.

The world draws each scene, and draws what the change should make of it, so that no detector is needed:

- another colour: a scene of one thing is drawn anew with a prompt that names another colour. "on the thing" is the
  overlap (intersection over union) of the area that has the new colour with that of the true drawing.
- larger: a scene drawn at half the size is enlarged; PSNR against the true large drawing, beside Lanczos.
- filled in: of a scene of two things, one is missing and the mask marks its place. "in the mask" is the share of scenes
  where most of the missing thing's area has its colour, "outside" the largest difference beyond the seam, of 255.
"""

import dataclasses
import random
import statistics
import sys

import numpy as np
from PIL import Image

from pipeline import SanaPipeline
from pipeline.export import precompile
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.captions import caption
from pipeline.miniature.training.pictograms import PALETTE
from pipeline.miniature.training.training_run import WORK
from pipeline.miniature.training.world import COLOURS, Scene, Thing, draw, random_scene
from pipeline.model_folder.parity import psnr

SCENES = 60
STRENGTHS = (0.5, 0.6, 0.7, 0.8)
LARGER = (0.1, 0.2, 0.3, 0.4)
SIZES = ((128, 256), (192, 384))
# How far a pixel may lie from a colour to have it, in RGB of 255. The palette's colours are 70 apart or more.
NEAR = 60.0
SEAM = 64  # pixels beyond the mask that may change


def scenes(name: str, count: int, things: int) -> list[Scene]:
    """Return held-out scenes with so many things, whose colours the background does not have."""
    rng = random.Random(f"changes {name}")
    found: list[Scene] = []
    while len(found) < count:
        scene = random_scene(rng, None)
        if len(scene.things) == things and scene.background not in COLOURS:
            found.append(scene)
    return found


def has_colour(picture: Image.Image, colour: str) -> np.ndarray:
    """Return bool [H, W]: the pixels that have a colour of the palette."""
    difference = np.asarray(picture).astype(float) - PALETTE[colour]
    return np.asarray(np.sqrt((difference**2).sum(-1)) < NEAR)


def recoloured(scene: Scene, rng: random.Random) -> Scene:
    """Return the scene with its only thing in another colour."""
    (thing,) = scene.things
    colour = rng.choice([each for each in COLOURS if each != thing.colour])
    return dataclasses.replace(scene, things=(dataclasses.replace(thing, colour=colour),))


def another_colour(pipe: SanaPipeline, count: int) -> None:
    """Print the table of recoloured things."""
    print("| another colour, at a strength of | on the thing, median |\n|---|---|")
    for strength in STRENGTHS:
        rng, overlaps = random.Random("colours"), []
        for seed, scene in enumerate(scenes("colour", count, things=1)):
            wanted = recoloured(scene, rng)
            colour = wanted.things[0].colour
            text = caption(wanted, random.Random(seed), complete=True)
            picture = pipe(text, image=draw(scene), strength=strength, seed=seed).images[0]
            found, true = has_colour(picture, colour), has_colour(draw(wanted), colour)
            overlaps.append((found & true).sum() / max(1, (found | true).sum()))
        print(f"| {strength} | {statistics.median(overlaps):.2f} |", flush=True)


def larger(pipe: SanaPipeline, count: int) -> None:
    """Print the table of enlarged scenes."""
    print("\n| larger | by | PSNR, median |\n|---|---|---|")
    for small, large in SIZES:
        examples = [
            (draw(scene, small, small), draw(scene, large, large)) for scene in scenes("larger", count, things=1)
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


def filled_in(pipe: SanaPipeline, count: int) -> None:
    """Print the table of filled-in things."""
    inside, outside = [], 0
    for seed, scene in enumerate(scenes("filled", count, things=2)):
        missing = scene.things[-1]
        given = draw(dataclasses.replace(scene, things=scene.things[:-1]))
        mask = box_mask(missing, given.size)
        text = caption(scene, random.Random(seed), complete=True)
        picture = pipe(text, image=given, mask_image=mask, seed=seed).images[0]
        true = has_colour(draw(scene), missing.colour) & (np.asarray(mask) > 0)
        inside.append((has_colour(picture, missing.colour) & true).sum() > true.sum() / 2)
        reach = np.asarray(mask.resize(given.size)) > 0
        rows, columns = np.flatnonzero(reach.any(1)), np.flatnonzero(reach.any(0))
        kept = np.ones(reach.shape, bool)
        kept[max(0, rows[0] - SEAM) : rows[-1] + SEAM + 1, max(0, columns[0] - SEAM) : columns[-1] + SEAM + 1] = False
        difference = np.abs(np.asarray(picture).astype(int) - np.asarray(given).astype(int))[kept]
        outside = max(outside, int(difference.max(initial=0)))
    print("\n| filled in | in the mask | outside |\n|---|---|---|")
    print(f"| {count} scenes | {100 * sum(inside) / len(inside):.0f} % | {outside} of 255 |")


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
    pipe = SanaPipeline.from_pretrained(precompile(CHECKPOINT, WORK / "ir-fp16", on_progress=lambda progress: None))
    another_colour(pipe, count)
    larger(pipe, count)
    filled_in(pipe, count)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
