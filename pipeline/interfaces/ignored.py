"""The header that names values of a request that have no effect here."""

import re
from collections.abc import Iterable

IGNORED_HEADER = "X-Sana-Ignored"
MOST = 50  # names; chosen: more than the fields that any client sends without effect
LONGEST = 40  # characters of a name


def ignored_header(names: Iterable[str]) -> dict[str, str]:
    """Return the header for these names, each once; {} if there are none."""
    plain = dict.fromkeys(re.sub(r"[^\w<>.\[\] -]", "?", name, flags=re.ASCII)[:LONGEST] for name in names)
    return {IGNORED_HEADER: ", ".join(list(plain)[:MOST])} if plain else {}
