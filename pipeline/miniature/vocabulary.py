"""The words of the bundled checkpoint: what it can draw, and the phrases of the captions that it was trained on.

It knows no others. Another checkpoint brings its own: `tests/test_vocabulary.py` holds these against its tokenizer.
"""

import re
from difflib import get_close_matches
from functools import cache

from .kinds import COLOURS, HANDS, KINDS

PLACES = ("day", "night", "sea", "desert", "sunset", "snow")
THINGS = tuple(kind.name for kind in KINDS if kind.offered)
"""The usual names of what it draws well enough to be offered."""
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
POSITION_WORDS = {
    "left": ("on the left", "on the left side", "at the left", "to the left"),
    "right": ("on the right", "on the right side", "at the right", "to the right"),
    "top": ("at the top", "on top", "in the upper part", "high up"),
    "bottom": ("at the bottom", "in the lower part", "down below"),
    "middle": ("in the middle", "in the center", "in the centre"),
}
CORNER_WORDS = ("in the {} corner", "at the {}", "in the {}")
SIZE_WORDS = {"small": ("small", "little", "tiny"), "big": ("big", "large", "huge"), "medium": ("",)}
ARTICLES = ("a", "an", "the", "one")
NEAR = 0.75  # of difflib's ratio; chosen: "elefant" is near "elephant", "accountant" is near nothing
_WORD = re.compile(r"\w+(?:['-]\w+)*")


def unknown_words(prompt: str) -> list[str]:
    """Return the words of a prompt that the miniature was never shown, or draws badly, in lower case, each once."""
    return list(dict.fromkeys(word for word in _WORD.findall(prompt.lower()) if word not in _known_words()))


def near_things(words: list[str]) -> list[str]:
    """Return THINGS that are spelt like some of the words, such as "elephant" for "elefant", each once."""
    near = [name for word in words for name in get_close_matches(word, THINGS, n=1, cutoff=NEAR)]
    return list(dict.fromkeys(near))


@cache
def _known_words() -> frozenset[str]:
    groups = (*BACKGROUND_WORDS.values(), *POSITION_WORDS.values(), *SIZE_WORDS.values(), *COUNT_WORDS.values())
    phrases = [phrase for group in (*groups, *RELATION_WORDS.values(), *STYLE_WORDS.values()) for phrase in group]
    phrases += [*PLAIN_WORDS, *PAPER_WORDS, *CORNER_WORDS, *OPENINGS, *COLOURS, *HANDS, *ARTICLES]
    phrases += [name for kind in KINDS if kind.offered for names in kind.words for name in names]
    return frozenset(word for phrase in phrases for word in _WORD.findall(re.sub(r"{\w*}", " ", phrase.lower())))
