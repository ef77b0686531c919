"""The miniature's world: picture-book scenes, described as data.

A `Scene` is a background and one to three `Thing`s, all drawn in one hand. `random_scene` invents one, `painting.py`
paints it, and `phrases.py` describes it in words.
"""

import random
from dataclasses import dataclass

from pipeline.miniature.kinds import COLOURS, HANDS, INDEX, KINDS, SHAPES, Kind
from pipeline.miniature.vocabulary import PLACES

BACKGROUNDS = (*PLACES, *COLOURS)
"""Six places, and ten plain backgrounds that are named by their colour."""
HORIZON = {"day": 0.66, "night": 0.7, "sea": 0.56, "desert": 0.64, "sunset": 0.64, "snow": 0.68}
"""The horizon of each place, as a fraction of the height from the top."""
POSITIONS = {
    "left": (0.26, None), "right": (0.74, None), "top": (None, 0.26), "bottom": (None, 0.74), "middle": (0.5, 0.5),
    "top left": (0.26, 0.26), "top right": (0.74, 0.26), "bottom left": (0.26, 0.74), "bottom right": (0.74, 0.74),
}  # fmt: skip
"""The centre (x, y) of a thing at each position, as fractions of the picture. None is anywhere near the middle."""
HAND_WEIGHTS = (25, 55, 20)  # of flat, soft and ink; chosen: a prompt without a style word gets the most frequent one

OWN = ""
"""The name of a thing's own colour, in which its hand draws it."""
UNSEEN_PAIRS = frozenset(
    (tuple(COLOURS)[(3 * index + 1) % len(COLOURS)], kind.icon) for index, kind in enumerate(KINDS) if kind.coloured
)
"""One colour per coloured kind that no training scene shows."""

RADII = {  # half of a thing's side as a fraction of the picture's shorter side, by the number of things in the picture
    1: {"small": 6 / 32, "medium": 9 / 32, "big": 12 / 32},
    2: {"small": 5 / 32, "medium": 6 / 32, "big": 7 / 32},
    3: {"medium": 5 / 32},
}
GRID = (16, 32)
"""Centres are multiples of these fractions of the width and the height.

At few sizes and few places between the positions of latents, a small model learns things sharply.
"""


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
    stands: bool  # on the ground, with a shadow


@dataclass(frozen=True)
class Scene:
    """A background and the things on it.

    `layout` is the rule that placed the things: a position, a relation of two, an arrangement of three, "count" for
    several of a kind, or "" for none.
    """

    background: str
    hand: str
    things: tuple[Thing, ...]
    layout: str
    chance: tuple[float, ...]  # six numbers in [0, 1) that vary the background


def unseen(scene: Scene) -> bool:
    """Return True if the scene has a pair of colour and kind, or of two kinds, that no training scene shows."""
    if any((thing.colour, thing.kind) in UNSEEN_PAIRS for thing in scene.things):
        return True
    numbers = sorted({INDEX[thing.kind] for thing in scene.things})
    return any((31 * a + 17 * b) % 19 == 0 for i, a in enumerate(numbers) for b in numbers[i + 1 :])


def random_scene(rng: random.Random, shows_unseen: bool | None = False) -> Scene:
    """Return a scene for which `unseen` is `shows_unseen`, or any scene if that is None."""
    while True:
        scene = _any_scene(rng)
        if shows_unseen is None or unseen(scene) == shows_unseen:
            return scene


def _any_scene(rng: random.Random) -> Scene:
    make = rng.choices((_single, _count, _pair, _trio), weights=(34, 14, 32, 20))[0]
    number, layout = make(rng)
    kinds = _kinds(rng, 1 if layout == "count" else number)
    background = _background(rng, kinds)
    hand = rng.choices(tuple(HANDS), weights=HAND_WEIGHTS)[0]
    sizes = ["medium"] * number
    if layout == "count" and number == 2:
        sizes = [rng.choice(("small", "medium", "big"))] * 2
    elif layout in POSITIONS and layout != "middle":  # not big: a big thing fills the picture and has no position
        sizes = [rng.choices(("small", "medium"), weights=(35, 65))[0]]
    elif number < 3:
        sizes = [rng.choices(("small", "medium", "big"), weights=(20, 45, 35))[0] for _ in kinds]
    radii = [RADII[number][size] for size in sizes]
    colours = [_colour(rng, kind, background) for kind in kinds]
    if layout == "count":
        kinds, colours = kinds * number, colours * number
    things = tuple(
        Thing(kind.icon, colour, size, round(GRID[0] * x) / GRID[0], round(GRID[1] * y) / GRID[1], radius, stands)
        for kind, colour, size, radius, (x, y, stands) in zip(
            kinds, colours, sizes, radii, _places(rng, layout, kinds, radii, background), strict=True
        )
    )
    return Scene(background, hand, things, layout, tuple(rng.random() for _ in range(6)))


def _single(rng: random.Random) -> tuple[int, str]:
    return 1, rng.choice(tuple(POSITIONS)) if rng.random() < 0.4 else ""


def _count(rng: random.Random) -> tuple[int, str]:
    return rng.choice((2, 3)), "count"


def _pair(rng: random.Random) -> tuple[int, str]:
    return 2, rng.choices(("left of", "above", "next to", "and"), weights=(30, 25, 20, 25))[0]


def _trio(rng: random.Random) -> tuple[int, str]:
    return 3, rng.choices(("row", "between", "two above one", "one above two"), weights=(40, 20, 20, 20))[0]


_WEIGHTS = [2 if kind.common else 1 for kind in KINDS]


def _kinds(rng: random.Random, number: int) -> list[Kind]:
    kinds: list[Kind] = []
    while len(kinds) < number:
        kind = rng.choices(KINDS, weights=_WEIGHTS)[0]
        if kind not in kinds:
            kinds.append(kind)
    return kinds


def _background(rng: random.Random, kinds: list[Kind]) -> str:
    if rng.random() < 0.3:
        return rng.choice(tuple(COLOURS))
    if any(kind.home == "sea" for kind in kinds) and rng.random() < 0.6:
        return "sea"
    return rng.choice(PLACES)


def _colour(rng: random.Random, kind: Kind, background: str) -> str:
    if not kind.coloured or (kind.icon not in SHAPES and rng.random() < 0.35):
        return OWN
    return rng.choice([colour for colour in COLOURS if colour != background])


def _places(
    rng: random.Random, layout: str, kinds: list[Kind], radii: list[float], background: str
) -> list[tuple[float, float, bool]]:
    """Return x and y of each thing's centre, and whether it stands on the ground."""

    def near(at: float) -> float:
        return at + rng.uniform(-0.02, 0.02)

    base = rng.choice((26, 27, 28, 29)) / GRID[1]  # the y of the feet of all things that stand

    def natural(x: float, kind: Kind, radius: float) -> tuple[float, float, bool]:
        return (x, *_height(rng, kind, radius, background, base))

    if layout in POSITIONS:
        x, y = (rng.uniform(0.42, 0.58) if at is None else near(at) for at in POSITIONS[layout])
        x, y = (min(max(at, radii[0] + 0.01), 0.99 - radii[0]) for at in (x, y))
        if POSITIONS[layout][1] is None:
            return [natural(x, kinds[0], radii[0])]
        return [(x, y, False)]
    if layout == "":
        room = max(0.0, 0.48 - radii[0])
        return [natural(0.5 + rng.uniform(-room, room) * 0.6, kinds[0], radii[0])]
    if layout == "above":
        x = rng.uniform(0.42, 0.58)
        low = _height(rng, kinds[1], radii[1], background, max(base, 0.86))
        if low[0] < 0.64:  # a swimming or flying thing must be placed lower
            low = (near(0.74), False)
        return [(near(x), near(0.25), False), (near(x), *low)]
    if layout in ("two above one", "one above two"):
        pair, one = (0.27, 0.74) if layout == "two above one" else (0.74, 0.26)
        return [(near(0.27), near(pair), False), (near(0.73), near(pair), False), (near(0.5), near(one), False)]
    if layout == "count" and len(kinds) == 3 and rng.random() < 0.4:
        return [(near(0.27), near(0.72), False), (near(0.5), near(0.27), False), (near(0.73), near(0.72), False)]
    columns = (0.26, 0.74) if len(kinds) == 2 else (0.18, 0.5, 0.82)
    if layout == "between":  # the first thing of the caption is in the middle
        columns = (0.5, 0.18, 0.82)
    if layout == "next to" or (layout == "and" and rng.random() < 0.5):
        columns = columns[::-1] if rng.random() < 0.5 else columns
    if layout in ("next to", "count"):  # all at the same height
        level = _height(rng, kinds[0], max(radii), background, base)
        foot = level[0] + max(radii)
        return [
            (near(x), foot - radius if level[1] else near(level[0]), level[1])
            for x, radius in zip(columns, radii, strict=True)
        ]
    return [natural(near(x), kind, radius) for x, kind, radius in zip(columns, kinds, radii, strict=True)]


def _height(rng: random.Random, kind: Kind, radius: float, background: str, base: float) -> tuple[float, bool]:
    """Return a natural y for a thing's centre, and whether the thing stands on the ground."""
    margin = radius + 0.02
    if background in COLOURS:
        return min(max(rng.uniform(0.44, 0.56), margin), 1 - margin), False
    if kind.home == "sky":
        return max(rng.uniform(0.24, 0.36), margin), False
    if kind.home == "sea" and background == "sea":
        return min(max(rng.uniform(0.6, 0.72), margin), 1 - margin), False
    return max(base - radius, margin), True
