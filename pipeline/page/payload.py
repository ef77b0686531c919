"""The check of an event's values before Gradio reads them.

Gradio trusts them: a file object can name any path, or a URL that the server would fetch.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..domain.errors import SanaError
from ..domain.limits import MAX_EVENT_DEPTH, MAX_EVENT_TEXT, MAX_EVENT_VALUES
from ..domain.problems import Problem

FILE = {"_type": "gradio.FileData"}


def check_payload(values: Sequence[Any], owns: Callable[[str], bool]) -> None:
    """Raise SanaError for values beyond the limits, and for a file whose path the visitor does not own (`owns`)."""
    left, text = MAX_EVENT_VALUES, MAX_EVENT_TEXT
    level: list[Any] = list(values)
    for _ in range(MAX_EVENT_DEPTH):
        left -= len(level)
        text -= sum(len(value) for value in level if isinstance(value, str))
        if left < 0 or text < 0:
            raise SanaError(Problem("event size", {}))
        for value in level:
            if isinstance(value, dict) and ("path" in value or "url" in value):
                _check_file(value, owns)
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise SanaError(Problem("event size", {}))


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list | tuple) else ()


def _check_file(value: dict[str, Any], owns: Callable[[str], bool]) -> None:
    path = value.get("path")
    if value.get("meta") != FILE or not isinstance(path, str) or not owns(path):
        raise SanaError(Problem("foreign file", {}))
