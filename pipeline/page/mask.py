"""The mask of the painter as a value of events."""


def with_mask(place: int) -> str:
    """Return JavaScript for an event that puts the file of the painted mask, or null, at this place of its values.

    It is uploaded only when it is asked for, so that no stroke is missing.
    """
    return f"async (...values) => {{ values[{place}] = (await window.sanaMask?.()) ?? null; return values; }}"
