"""Values of events that only the browser knows: JavaScript that puts them among those of the controls."""

from collections.abc import Mapping

MASK = "(await window.sanaMask?.()) ?? null"
"""The file of the painted mask, or null. It is uploaded only when it is asked for, so that no stroke is missing."""
NEW_TOKEN = "window.sanaKept.begin()"


def with_values(expressions: Mapping[int, str]) -> str:
    """Return JavaScript for an event that puts these expressions at these places of its values."""
    set_all = " ".join(f"values[{place}] = {expression};" for place, expression in expressions.items())
    return f"async (...values) => {{ {set_all} return values; }}"


def with_mask(place: int) -> str:
    """Return JavaScript for an event that puts the painted mask at this place of its values."""
    return with_values({place: MASK})
