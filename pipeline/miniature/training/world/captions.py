"""The captions of scenes: the phrases of `vocabulary.py` put together, for everything in the miniature's world."""

import random

from pipeline.miniature.kinds import BY_ICON
from pipeline.miniature.training.world.scenes import OWN, Scene, Thing
from pipeline.miniature.vocabulary import (
    BACKGROUND_WORDS,
    CORNER_WORDS,
    COUNT_WORDS,
    OPENINGS,
    PAPER_WORDS,
    PLACES,
    PLAIN_WORDS,
    POSITION_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    STYLE_WORDS,
)

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
            words = f"{words} {_position_words(scene.layout, rng)}"
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
    word, plural = rng.choice(BY_ICON[thing.kind].words)
    choices = [thing.colour or word, word, plural, scene.background, f"{thing.colour} {word}".strip(), scene.hand]
    return rng.choice(choices)


def _thing_words(thing: Thing, rng: random.Random, complete: bool) -> str:
    words = _described(thing, 0, rng, complete)
    kind = BY_ICON[thing.kind]
    if kind.home == "thing" and any(
        words.endswith(one) and one == many for one, many in kind.words
    ):  # words without a plural, such as bread, have no "a" before them
        return words
    if rng.random() < 0.12:
        return rng.choice((words, f"one {words}", f"the {words}"))
    return f"an {words}" if words[0] in "aeiou" and not words.startswith(("uni", "ufo")) else f"a {words}"


def _described(thing: Thing, number: int, rng: random.Random, complete: bool) -> str:
    """Return size, colour and name of a thing, in the singular (`number` 0) or the plural (1)."""
    names = BY_ICON[thing.kind].words
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


def _position_words(position: str, rng: random.Random) -> str:
    if " " in position:
        return rng.choice(CORNER_WORDS).format(position)
    return rng.choice(POSITION_WORDS[position])
