"""Reading JSON from outside: files, bodies of requests, what a browser has kept."""

import json
from typing import Any

from .problems import shown


class RepeatedKey(ValueError):
    """An object has a key twice, and readers disagree on its value (RFC 8259, section 4)."""

    def __init__(self, key: str) -> None:
        super().__init__(f"it has {shown(key)} twice")
        self.key = key


def json_object(text: str | bytes, takes_infinity: bool = False) -> dict[str, Any]:
    """Return the object of a JSON text; bytes are UTF-8, -16 or -32.

    With `takes_infinity`, it may hold Infinity, -Infinity and NaN, as Python writes them.

    Raises:
        ValueError: it is no JSON (RFC 8259), it is no object, or it nests too deeply. The message says which.
        RepeatedKey: an object in it has a key twice.
    """
    try:
        constant = float if takes_infinity else _no_constant
        value = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=constant)
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for key, value in pairs:
        if key in record:
            raise RepeatedKey(key)
        record[key] = value
    return record


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
