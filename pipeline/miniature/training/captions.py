"""The captions of scenes: the phrases of `vocabulary.py` put together, for everything in the miniature's world."""

import random
from dataclasses import replace

from pipeline.miniature.training.world import PLACES, Scene, Thing
from pipeline.miniature.vocabulary import (
    ARTICLES,
    BACKGROUND_WORDS,
    CORNER_WORDS,
    COUNT_WORDS,
    OPENINGS,
    PLAIN_WORDS,
    POSITION_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    plural,
)

EMPTY, UNINSTRUCTED = 0.1, 0.12
"""The shares of training samples without a caption, and with a caption but no instruction before it; chosen."""


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
        plural(thing.kind),
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
    words = _thing_words(replace(things[0], kind=plural(things[0].kind)), rng, complete)
    article, _, rest = words.partition(" ")
    return f"{rng.choice(COUNT_WORDS[len(things)])} {rest if article in ARTICLES else words}"


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
