"""What the miniature's world holds: the kinds of things, read from `kinds.txt`, and the words for each."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.miniature.training.pictograms import PALETTE

HANDS = {"flat": "fluent-emoji-flat", "soft": "fluent-emoji", "ink": "noto"}
"""The three hands that draw every kind, and the npm package (of @iconify-json) that each comes from."""

COLOURS = PALETTE
"""Those of the first world, by name."""
SHAPES = ("circle", "square", "triangle")
"""Kinds that no package has: the same plain shape in each hand."""


@dataclass(frozen=True)
class Kind:
    """One kind of thing. `words` are its names with their plurals; the first is the usual one."""

    icon: str
    home: str  # land, sky, sea or thing: where it is usually seen, a thing anywhere
    words: tuple[tuple[str, str], ...]
    coloured: bool  # comes in all ten colours besides its own
    common: bool

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
    marks = re.match(r"[!*]*", text).group()  # type: ignore[union-attr]  # an empty match is a match
    icon, _, words = text[len(marks) :].partition("=")
    bare = re.sub(r"\(.*", "", icon)
    names = tuple(map(_word, words.split("/"))) if words else (_word(icon),)
    return Kind(bare, home, names, "*" in marks, "!" in marks)


def _kinds() -> tuple[Kind, ...]:
    kinds = []
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            home, _, rest = line.partition(": ")
            kinds += [_kind(home, part.strip()) for part in rest.split(";")]
    return tuple(kinds)


KINDS = _kinds()
INDEX = {kind.icon: index for index, kind in enumerate(KINDS)}
