"""Names from outside that are given more than once: which of their values is meant, nobody can tell."""

from collections import Counter
from collections.abc import Iterable


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that are there more than once, in the order in which they first appear."""
    return [name for name, count in Counter(names).items() if count > 1]
