"""The kinds of things in the miniature's world, read from `kinds.txt`, with the words for each."""

import re
from dataclasses import dataclass
from pathlib import Path

HANDS = {"flat": "fluent-emoji-flat", "soft": "fluent-emoji", "ink": "noto"}
"""The three hands (drawing styles) in which every kind is drawn, and the npm package in @iconify-json of each."""

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
SHAPES = ("circle", "square", "triangle")
"""Kinds that are in no package. They are the same plain shape in each hand."""


@dataclass(frozen=True)
class Kind:
    """A kind of things.

    `words` are its names with their plurals, the usual one first. A `common` kind is in twice as many scenes. One that
    the bundled checkpoint draws badly is not `offered`.
    """

    icon: str
    home: str  # where it is usually seen: "land", "sky" or "sea"; "thing" means anywhere
    words: tuple[tuple[str, str], ...]
    coloured: bool  # comes in all ten colours besides its own
    common: bool
    offered: bool

    @property
    def name(self) -> str:
        return self.words[0][0]


def _word(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"([^()]+)(?:\(([^()]+)\))?", text.strip())
    if not match:
        raise ValueError(f"{text!r} is no word with its plural in parentheses")
    word, plural = match.groups()
    return word, plural or f"{word}s"


def _kind(home: str, text: str) -> Kind:
    marks = re.match(r"[!*?]*", text).group()  # type: ignore[union-attr]  # an empty match is a match
    icon, _, words = text[len(marks) :].partition("=")
    bare = re.sub(r"\(.*", "", icon)
    names = tuple(map(_word, words.split("/"))) if words else (_word(icon),)
    return Kind(bare, home, names, "*" in marks, "!" in marks, "?" not in marks)


def _kinds() -> tuple[Kind, ...]:
    kinds = []
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            home, _, rest = line.partition(": ")
            kinds += [_kind(home, part.strip()) for part in rest.split(";")]
    return tuple(kinds)


KINDS = _kinds()
BY_ICON = {kind.icon: kind for kind in KINDS}
INDEX = {kind.icon: index for index, kind in enumerate(KINDS)}
