"""The captions of scenes: a grammar with several phrasings for everything in the miniature's world."""

import random

from pipeline.miniature.illustrations.kinds import INDEX, KINDS
from pipeline.miniature.illustrations.scenes import OWN, PLACES, Scene, Thing
from pipeline.miniature.training.captions import SIZE_WORDS, position_words

BACKGROUND_WORDS = {
    "day": (
        "by day", "on a sunny day", "in the daytime", "during the day", "on a green meadow", "on the grass", "outdoors",
        "in a meadow", "in the garden", "in the park", "under a blue sky", "in a field",
    ),
    "night": (
        "at night", "by night", "in the night", "under the night sky", "on a dark night", "in the dark",
        "under the stars", "at midnight", "on a starry night",
    ),
    "sea": (
        "at sea", "by the sea", "in the sea", "on the sea", "on the ocean", "on the water", "in the water",
        "in the ocean", "on a lake",
    ),
    "desert": (
        "in the desert", "in a desert", "on the sand", "in a sandy desert", "among the dunes", "on the beach",
    ),
    "sunset": ("at sunset", "at dusk", "in the evening", "at dawn", "at sunrise", "under an orange sky"),
    "snow": ("in the snow", "in winter", "on a snowy day", "in a snowy field", "on the ice", "when it snows"),
}  # fmt: skip
PLAIN_WORDS = (
    "on a {} background", "on plain {}", "with a {} background", "in front of a {} background",
    "against a {} background", "on a plain {} background", "on {}", "on {} paper", "on plain {} paper",
)  # fmt: skip
PAPER_WORDS = ("on plain paper", "on paper", "on a blank page", "on a plain background")  # white, without its name
STYLE_WORDS = {
    "before": ("a {} drawing of ", "a {} picture of ", "a {} illustration of ", "{} style, ", "{}: "),
    "after": (", {} style", " in {} style", ", {}", " in the {} style", ", {} drawing", ", {} illustration"),
}
COUNT_WORDS = {2: ("two", "two", "2", "a pair of", "a couple of"), 3: ("three", "three", "3")}
OPENINGS = (
    "", "", "", "", "", "", "a picture of ", "a drawing of ", "an illustration of ", "there is ",
    "a picture book page with ", "a simple drawing of ", "a scene with ", "draw ", "a cartoon of ",
)  # fmt: skip
RELATION_WORDS = {
    "left of": (
        "{a} to the left of {b}", "{a} left of {b}", "{a} on the left of {b}", "{b} to the right of {a}",
        "{b} right of {a}", "{b} on the right of {a}", "{a} on the left and {b} on the right",
    ),
    "above": (
        "{a} above {b}", "{a} over {b}", "{b} below {a}", "{b} under {a}", "{b} beneath {a}", "{a} on top of {b}",
        "{a} high above {b}", "{a} flying over {b}",
    ),
    "next to": ("{a} next to {b}", "{a} beside {b}", "{a} and {b} side by side", "{a} by {b}", "{a} near {b}"),
    "and": ("{a} and {b}", "{a} and {b}", "{a} and {b}", "{a} with {b}", "{a}, {b}"),
    "row": (
        "{a}, {b} and {c}", "{a}, {b} and {c}", "{a} and {b} and {c}", "{a}, {b}, {c}", "{a} next to {b} and {c}",
        "{a} with {b} and {c}",
    ),
    "between": ("{a} between {b} and {c}", "{a} in between {b} and {c}", "{b} and {c} with {a} between them"),
    "two above one": (
        "{a} and {b} above {c}", "{a} and {b} over {c}", "{c} below {a} and {b}", "{c} under {a} and {b}",
    ),
    "one above two": (
        "{c} above {a} and {b}", "{c} over {a} and {b}", "{a} and {b} below {c}", "{a} and {b} under {c}",
    ),
}  # fmt: skip
EMPTY, UNINSTRUCTED = 0.1, 0.1
"""The shares of training samples without a caption, and with a caption but no instruction before it; chosen."""


def caption(scene: Scene, rng: random.Random, complete: bool = False, style: bool | None = None) -> str:
    """Return a random caption of a scene, in lower case.

    A `complete` one names every colour, place and position, and uses each kind's usual name. `style` tells whether to
    name the hand; None leaves it to chance.
    """
    if scene.layout == "count":
        words = _count_words(scene.things, rng, complete)
    else:
        phrases = [_thing_words(thing, rng, complete) for thing in scene.things]
        words = phrases[0]
        if len(phrases) > 1:
            words = rng.choice(RELATION_WORDS[scene.layout]).format(**dict(zip("abc", phrases, strict=False)))
        elif scene.layout and (complete or rng.random() < 0.85):
            words = f"{words} {position_words(scene.layout, rng)}"
    opening, closing = rng.choice(OPENINGS), "." if rng.random() < 0.15 else ""
    if complete or rng.random() < 0.85:
        where = _background_words(scene.background, rng, complete)
        if rng.random() < 0.1:
            words, opening = f"{where}, {words}", ""
        else:
            words = f"{words} {where}"
    if rng.random() < 0.4 if style is None else style:
        if rng.random() < 0.4:
            opening = rng.choice(STYLE_WORDS["before"]).format(scene.hand).replace("a ink", "an ink")
        else:
            closing = rng.choice(STYLE_WORDS["after"]).format(scene.hand) + closing
    return opening + words + closing


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
    word, plural = rng.choice(KINDS[INDEX[thing.kind]].words)
    choices = [thing.colour or word, word, plural, scene.background, f"{thing.colour} {word}".strip(), scene.hand]
    return rng.choice(choices)


def _thing_words(thing: Thing, rng: random.Random, complete: bool) -> str:
    words = _described(thing, 0, rng, complete)
    kind = KINDS[INDEX[thing.kind]]
    if kind.home == "thing" and any(
        words.endswith(one) and one == many for one, many in kind.words
    ):  # words without a plural, such as bread, have no "a" before them
        return words
    if rng.random() < 0.12:
        return rng.choice((words, f"one {words}", f"the {words}"))
    return f"an {words}" if words[0] in "aeiou" and not words.startswith(("uni", "ufo")) else f"a {words}"


def _described(thing: Thing, number: int, rng: random.Random, complete: bool) -> str:
    """Return size, colour and name of a thing, in the singular (`number` 0) or the plural (1)."""
    names = KINDS[INDEX[thing.kind]].words
    name = names[0] if complete or rng.random() < 0.6 else rng.choice(names)
    size = rng.choice(SIZE_WORDS[thing.size]) if complete or rng.random() < 0.8 else ""
    colour = thing.colour if complete or rng.random() < 0.95 else OWN
    return " ".join(word for word in (size, colour, name[number]) if word)


def _count_words(things: tuple[Thing, ...], rng: random.Random, complete: bool) -> str:
    return f"{rng.choice(COUNT_WORDS[len(things)])} {_described(things[0], 1, rng, complete)}"


def _background_words(background: str, rng: random.Random, complete: bool) -> str:
    if background in PLACES:
        return rng.choice(BACKGROUND_WORDS[background][:2] if complete else BACKGROUND_WORDS[background])
    if background == "white" and rng.random() < 0.4:
        return rng.choice(PAPER_WORDS)
    return rng.choice(PLAIN_WORDS).format(background).replace(" a orange", " an orange")
