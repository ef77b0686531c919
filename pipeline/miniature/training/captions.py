"""The captions of scenes: a grammar with several phrasings for everything in the miniature's world."""

import random
from dataclasses import replace

from pipeline.miniature.training.world import PLACES, Scene, Thing

BACKGROUND_WORDS = {
    "day": (
        "by day", "on a sunny day", "in the daytime", "during the day", "on a green meadow", "on the grass", "outdoors",
    ),
    "night": ("at night", "by night", "in the night", "under the night sky", "on a dark night", "in the dark"),
    "sea": ("at sea", "by the sea", "in the sea", "on the sea", "on the ocean", "on the water", "in the water"),
    "desert": ("in the desert", "in a desert", "on the sand", "in a sandy desert", "among the dunes"),
}  # fmt: skip
PLAIN_WORDS = (
    "on a {} background", "on plain {}", "with a {} background", "in front of a {} background",
    "against a {} background", "on a plain {} background", "on {}", "on {} paper",
)  # fmt: skip
POSITION_WORDS = {
    "left": ("on the left", "on the left side", "at the left", "to the left"),
    "right": ("on the right", "on the right side", "at the right", "to the right"),
    "top": ("at the top", "on top", "in the upper part", "high up"),
    "bottom": ("at the bottom", "in the lower part", "down below"),
    "middle": ("in the middle", "in the center", "in the centre"),
}
EMPTY, UNINSTRUCTED = 0.1, 0.12
"""The shares of training samples without a caption, and with a caption but no instruction before it; chosen."""
CORNER_WORDS = ("in the {} corner", "at the {}", "in the {}")
SIZE_WORDS = {"small": ("small", "little", "tiny"), "big": ("big", "large", "huge"), "medium": ("",)}
COUNT_WORDS = {2: ("two", "two", "2", "a pair of"), 3: ("three", "three", "3")}
OPENINGS = (
    "", "", "", "", "a picture of ", "a drawing of ", "an illustration of ", "there is ", "a picture book page with ",
    "a simple drawing of ", "a scene with ", "draw ", "a cartoon of ",
)  # fmt: skip
RELATION_WORDS = {
    "left of": (
        "{a} to the left of {b}", "{a} left of {b}", "{a} on the left of {b}", "{b} to the right of {a}",
        "{b} right of {a}", "{b} on the right of {a}", "{a} on the left and {b} on the right",
    ),
    "above": (
        "{a} above {b}", "{a} over {b}", "{b} below {a}", "{b} under {a}", "{b} beneath {a}", "{a} on top of {b}",
    ),
    "next to": ("{a} next to {b}", "{a} beside {b}", "{a} and {b} side by side", "{a} by the side of {b}"),
    "and": ("{a} and {b}", "{a} and {b}", "{a} with {b}", "{a}, {b}"),
    "row": ("{a}, {b} and {c}", "{a} and {b} and {c}", "{a}, {b}, {c}", "{a} next to {b} and {c}"),
    "two above one": (
        "{a} and {b} above {c}", "{a} and {b} over {c}", "{c} below {a} and {b}", "{c} under {a} and {b}",
    ),
    "one above two": (
        "{c} above {a} and {b}", "{c} over {a} and {b}", "{a} and {b} below {c}", "{a} and {b} under {c}",
    ),
}  # fmt: skip


def caption(scene: Scene, rng: random.Random, complete: bool = False) -> str:
    """Return a random caption of a scene, in lower case. A `complete` one names every colour and position."""
    phrases = [_thing_words(thing, rng, complete) for thing in scene.things]
    if scene.layout == "count":
        words = _count_words(scene.things, rng, complete)
    elif len(phrases) == 1:
        words = phrases[0]
        if scene.layout and (complete or rng.random() < 0.85):
            words = f"{words} {position_words(scene.layout, rng)}"
    else:
        words = rng.choice(RELATION_WORDS[scene.layout]).format(**dict(zip("abc", phrases, strict=False)))
    if complete or rng.random() < 0.85:
        where = _background_words(scene.background, rng)
        words = f"{where}, {words}" if rng.random() < 0.1 else f"{words} {where}"
    return rng.choice(OPENINGS) + words + ("." if rng.random() < 0.15 else "")


def prompt_for(scene: Scene, rng: random.Random) -> tuple[str, bool]:
    """Return the caption of a training sample, and whether the instruction comes before it.

    Samples without the instruction are for the negative branch of guidance. It sees an empty caption by default, and
    otherwise a negative prompt: a caption, or a word or two.
    """
    choice = rng.random()
    if choice < EMPTY:
        return "", False
    if choice < EMPTY + UNINSTRUCTED:
        return (fragment if rng.random() < 0.6 else caption)(scene, rng), False
    return caption(scene, rng), True


def fragment(scene: Scene, rng: random.Random) -> str:
    """Return a word or two that fit the scene, like those in a negative prompt."""
    thing = rng.choice(scene.things)
    choices = [
        thing.colour,
        thing.kind,
        thing.colour,
        scene.background,
        _plural(thing.kind),
        f"{thing.colour} {thing.kind}",
    ]
    return rng.choice(choices)


def _thing_words(thing: Thing, rng: random.Random, complete: bool) -> str:
    size = rng.choice(SIZE_WORDS[thing.size]) if complete or rng.random() < 0.8 else ""
    colour = thing.colour if complete or rng.random() < 0.93 else ""
    words = " ".join(word for word in (size, colour, thing.kind) if word)
    if rng.random() < 0.12:
        return rng.choice((words, f"one {words}", f"the {words}"))
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _count_words(things: tuple[Thing, ...], rng: random.Random, complete: bool) -> str:
    words = _thing_words(replace(things[0], kind=_plural(things[0].kind)), rng, complete)
    article, _, rest = words.partition(" ")
    return f"{rng.choice(COUNT_WORDS[len(things)])} {rest if article in _ARTICLES else words}"


def position_words(position: str, rng: random.Random) -> str:
    """Return a random phrase for a position."""
    if " " in position:
        return rng.choice(CORNER_WORDS).format(position)
    return rng.choice(POSITION_WORDS[position])


def _background_words(background: str, rng: random.Random) -> str:
    if background in PLACES:
        return rng.choice(BACKGROUND_WORDS[background])
    words = rng.choice(PLAIN_WORDS).format(background)
    return words.replace(" a orange", " an orange")


def _plural(kind: str) -> str:
    return {"fish": "fish"}.get(kind, f"{kind}s")


_ARTICLES = ("a", "an", "the", "one")
