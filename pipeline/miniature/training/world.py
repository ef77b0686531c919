"""The miniature's world: picture-book scenes, described as data and drawn with PIL.

A `Scene` is a background and one to three `Thing`s. `random_scene` invents one, `draw` paints it, and `captions.py`
describes it in words.
"""

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.miniature.training.pictograms import draw_background, draw_thing
from pipeline.miniature.vocabulary import COLOURS, KINDS, PLACES

BACKGROUNDS = PLACES + COLOURS
"""Four places, and ten plain backgrounds that are named by their colour."""

UNSEEN_PAIRS = frozenset((colour, kind) for i, kind in enumerate(KINDS) for colour in (COLOURS[(3 * i + 1) % 10],))
"""One colour per kind that no training scene shows. They measure whether the model composes new pairs."""

SKY_KINDS = ("sun", "moon", "cloud", "star", "balloon")
GROUND_KINDS = ("house", "tree", "flower", "mushroom", "car", "boat")

POSITIONS = {
    "left": (0.26, None), "right": (0.74, None), "top": (None, 0.26), "bottom": (None, 0.74), "middle": (0.5, 0.5),
    "top left": (0.26, 0.26), "top right": (0.74, 0.26), "bottom left": (0.26, 0.74), "bottom right": (0.74, 0.74),
}  # fmt: skip
RELATIONS = ("left of", "above", "next to", "and")
RADII = {  # as a fraction of the picture's shorter side, by the number of things in the picture
    1: {"small": (0.145, 0.17), "medium": (0.19, 0.25), "big": (0.32, 0.38)},
    2: {"small": (0.125, 0.145), "medium": (0.17, 0.195), "big": (0.215, 0.24)},
    3: {"medium": (0.135, 0.155)},
}


@dataclass(frozen=True)
class Thing:
    """One thing in a scene.

    `x` and `y` are its centre as fractions of the picture, `radius` is a fraction of the picture's shorter side.
    """

    kind: str
    colour: str
    size: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Scene:
    """A background and the things on it.

    `layout` is the rule that placed the things: a position, a relation of two, an arrangement of three, "count" for
    several of a kind, or "" for none. `seed` varies the background.
    """

    background: str
    things: tuple[Thing, ...]
    layout: str
    seed: int


def random_scene(rng: random.Random, unseen: bool | None = False) -> Scene:
    """Return a scene. It shows none of `UNSEEN_PAIRS` if `unseen` is False, at least one if True, any pairs if None."""
    while True:
        scene = _any_scene(rng)
        pairs = {(thing.colour, thing.kind) for thing in scene.things}
        if unseen is None or bool(pairs & UNSEEN_PAIRS) == unseen:
            return scene


def draw(scene: Scene, width: int = 256, height: int = 256) -> Image.Image:
    """Paint the scene at `width` x `height` pixels, downscaled from twice the size for smooth edges."""
    scale = 2
    canvas = Image.new("RGB", (width * scale, height * scale))
    draw_background(canvas, scene.background, random.Random(scene.seed))
    for thing in scene.things:
        radius = thing.radius * min(canvas.size)
        draw_thing(canvas, thing.kind, thing.colour, thing.x * canvas.width, thing.y * canvas.height, radius)
    return canvas.reduce(scale)


def object_mask(scene: Scene, width: int = 256, height: int = 256) -> np.ndarray:
    """Return bool [height, width], True in the boxes around things. Sharpness is measured there, too."""
    mask = np.zeros((height, width), bool)
    for thing in scene.things:
        radius, x, y = thing.radius * min(width, height), thing.x * width, thing.y * height
        rows, columns = (slice(max(0, int(c - radius)), int(c + radius) + 1) for c in (y, x))
        mask[rows, columns] = True
    return mask


def _any_scene(rng: random.Random) -> Scene:
    background = rng.choice(PLACES) if rng.random() < 0.6 else rng.choice(COLOURS)
    make = rng.choices((_single, _count, _pair, _trio), weights=(40, 18, 28, 14))[0]
    things, layout = make(rng, [colour for colour in COLOURS if colour != background])
    return Scene(background, tuple(things), layout, rng.getrandbits(32))


def _single(rng: random.Random, colours: list[str]) -> tuple[list[Thing], str]:
    kind, size = rng.choice(KINDS), rng.choices(("small", "medium", "big"), weights=(30, 40, 30))[0]
    radius = rng.uniform(*RADII[1][size])
    if size == "big" or rng.random() < 0.45:  # where it would naturally be, which the caption need not say
        y = 0.36 if kind in SKY_KINDS else 0.62 if kind in GROUND_KINDS else 0.5
        x, y = (0.5, 0.5) if size == "big" else (rng.uniform(0.3, 0.7), y + rng.uniform(-0.06, 0.06))
        return [Thing(kind, rng.choice(colours), size, x, y, radius)], ""
    layout = rng.choice(tuple(POSITIONS))
    x, y = (rng.uniform(0.42, 0.58) if at is None else at + rng.uniform(-0.03, 0.03) for at in POSITIONS[layout])
    return [Thing(kind, rng.choice(colours), size, x, y, radius)], layout


def _count(rng: random.Random, colours: list[str]) -> tuple[list[Thing], str]:
    kind, colour, number = rng.choice(KINDS), rng.choice(colours), rng.choice((2, 3))
    size = rng.choice(("small", "medium", "big")) if number == 2 else "medium"
    places = _spread(rng, number)
    return [Thing(kind, colour, size, x, y, rng.uniform(*RADII[number][size])) for x, y in places], "count"


def _pair(rng: random.Random, colours: list[str]) -> tuple[list[Thing], str]:
    relation = rng.choices(RELATIONS, weights=(30, 35, 20, 15))[0]
    places = _spread(rng, 2, upright=relation == "above")
    sizes = [rng.choices(("small", "medium", "big"), weights=(20, 60, 20))[0] for _ in places]
    kinds = rng.sample(KINDS, 2)
    if relation in ("next to", "and") and rng.random() < 0.5:
        places.reverse()
    return [
        Thing(kind, rng.choice(colours), size, x, y, rng.uniform(*RADII[2][size]))
        for kind, size, (x, y) in zip(kinds, sizes, places, strict=True)
    ], relation


def _trio(rng: random.Random, colours: list[str]) -> tuple[list[Thing], str]:
    layout = rng.choice(("row", "two above one", "one above two"))
    if layout == "row":
        places = _spread(rng, 3, bent=False)
    else:
        pair, one = (0.27, 0.73) if layout == "two above one" else (0.73, 0.27)
        places = [(0.27, pair), (0.73, pair), (rng.uniform(0.45, 0.55), one)]
    return [
        Thing(kind, rng.choice(colours), "medium", x, y, rng.uniform(*RADII[3]["medium"]))
        for kind, (x, y) in zip(rng.sample(KINDS, 3), places, strict=True)
    ], layout


def _spread(rng: random.Random, number: int, upright: bool = False, bent: bool = True) -> list[tuple[float, float]]:
    """Return centres of things that do not overlap, from left to right or, if `upright`, from top to bottom."""
    along = (0.26, 0.74) if number == 2 else (0.18, 0.5, 0.82)
    base = rng.uniform(0.42, 0.62)
    across = [base + rng.uniform(-0.06, 0.06) for _ in along]
    if number == 3 and bent and rng.random() < 0.5:
        along, across = (0.27, 0.5, 0.73), [0.7, 0.28, 0.7]
    places = [(a + rng.uniform(-0.02, 0.02), b) for a, b in zip(along, across, strict=True)]
    return [(b, a) for a, b in places] if upright else places
