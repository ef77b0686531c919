"""A list of prompts as text: one a line, where {red|blue} stands for each of its alternatives."""

import itertools
import math
import re

from .errors import SettingsError
from .problems import Problem

MOST_COUNTED = 1_000_000  # prompts of a list; chosen: more are too many for any queue, and hundreds of digits no number
_GROUP = re.compile(r"\{([^{}|]*(?:\|[^{}|]*)+)\}")


def count_prompts(text: str) -> int:
    """Return the number of prompts in a list; raise SettingsError if it is more than MOST_COUNTED."""
    count = sum(math.prod(map(len, _alternatives(line))) for line in _lines(text))
    if count > MOST_COUNTED:
        raise SettingsError(Problem("huge list", {"most": MOST_COUNTED}))
    return count


def read_prompts(text: str, most: int) -> list[str]:
    """Return the prompts of a list, the last group of a line changing first.

    Raises:
        SettingsError: the list has no prompt, or more than `most`.
    """
    count = count_prompts(text)  # before any is made: ten groups of ten would be ten thousand million
    if count > most:
        raise SettingsError(Problem("list length", {"count": count, "room": most}))
    if not count:
        raise SettingsError(Problem("empty list", {}))
    return ["".join(parts) for line in _lines(text) for parts in itertools.product(*_alternatives(line))]


def _lines(text: str) -> list[str]:
    return [line for each in text.split("\n") if (line := each.strip())]


def _alternatives(line: str) -> list[list[str]]:
    """Return the parts of a line: texts, which have one form, and groups, in all their forms."""
    parts = _GROUP.split(line)  # texts and the insides of groups by turns
    return [part.split("|") if place % 2 else [part] for place, part in enumerate(parts)]
