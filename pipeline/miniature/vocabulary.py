"""The words of the bundled checkpoint: what it can draw, and the phrases of the captions that it was trained on.

It knows no others. Another checkpoint brings its own: `tests/test_vocabulary.py` holds these against its tokenizer.
"""

import re
from functools import cache

KINDS = (
    "circle", "square", "triangle", "star", "heart", "sun", "moon", "cloud",
    "house", "tree", "flower", "mushroom", "car", "boat", "balloon", "fish",
)  # fmt: skip
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
PLACES = ("day", "night", "sea", "desert")
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
ARTICLES = ("a", "an", "the", "one")
_WORD = re.compile(r"\w+(?:['-]\w+)*")


def plural(kind: str) -> str:
    """Return the plural of one of KINDS."""
    return {"fish": "fish"}.get(kind, f"{kind}s")


def unknown_words(prompt: str) -> list[str]:
    """Return the words of a prompt that the miniature was never shown, in lower case, each once."""
    return list(dict.fromkeys(word for word in _WORD.findall(prompt.lower()) if word not in _known_words()))


@cache
def _known_words() -> frozenset[str]:
    groups = (*BACKGROUND_WORDS.values(), *POSITION_WORDS.values(), *SIZE_WORDS.values(), *COUNT_WORDS.values())
    phrases = [phrase for group in (*groups, *RELATION_WORDS.values()) for phrase in group]
    phrases += [*PLAIN_WORDS, *CORNER_WORDS, *OPENINGS, *COLOURS, *KINDS, *map(plural, KINDS), *ARTICLES]
    return frozenset(word for phrase in phrases for word in _WORD.findall(re.sub(r"{\w*}", " ", phrase)))
