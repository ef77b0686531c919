"""Contents near those that a reader takes: with other bytes, and where they are JSON, with other values."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

PATIENT = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
"""For tests that read contents: some take long, and none is kept by hypothesis."""
LONG = 20_000  # bytes; chosen: what takes the square of its length in time, or a call for each byte, shows by then
Path = tuple[str | int, ...]

INTERESTING = st.sampled_from(
    [
        float("nan"),
        float("inf"),
        -1,
        0,
        2**31,
        2**63,
        10**400,
        1e308,
        -0.0,
        True,
        "",
        "\ud800",
        "\0",
        "../..",
        [],
        {},
        "a" * 9999,
        "[" * 9999,
        "{a|b}" * 9999,
    ]
)
VALUES = INTERESTING | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def repeated(piece: bytes) -> bytes:
    """Return LONG bytes of a piece, or none of none."""
    return piece * (LONG // max(1, len(piece)))


@st.composite
def changed(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Draw a content: any bytes, or a seed with up to four changes."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    content = draw(st.sampled_from(list(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            content = draw(_other_bytes(content))
        else:
            content = draw(_other_value(value) | _other_bytes(content))
    return content


@st.composite
def _other_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Replace a stretch of bytes, which may be empty, by others: any, as many zeros, or its own twice or very often."""
    first = draw(st.integers(0, len(content)))
    last = min(len(content), first + draw(st.integers(0, 8) | st.integers(0, len(content))))
    own = content[first:last]
    other = draw(st.binary(max_size=8) | st.sampled_from([bytes(len(own)), 2 * own, b"\xff" * len(own), repeated(own)]))
    return content[:first] + other + content[last:]


@st.composite
def _other_value(draw: st.DrawFn, value: Any) -> bytes:
    """Set any value somewhere in JSON, also at a new key, or remove one."""
    way = draw(st.sampled_from(list(_ways(value))))
    if not way:
        return json.dumps(draw(VALUES)).encode()
    place = value
    for step in way[:-1]:
        place = place[step]
    if draw(st.booleans()) or not draw(st.booleans()):
        place[way[-1]] = draw(VALUES)
    else:
        del place[way[-1]]
    if isinstance(place, dict) and draw(st.integers(0, 4)) == 0:
        place[draw(st.text(max_size=8))] = draw(VALUES)
    return json.dumps(value).encode()


def _ways(value: Any, way: Path = ()) -> Iterator[Path]:
    yield way
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in entries:
        yield from _ways(inner, (*way, step))
