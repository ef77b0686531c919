"""The tokens of requests that a browser has kept, by which it finds them again. See kept.js."""

import re
from dataclasses import dataclass

from ..domain.errors import SanaError
from ..domain.json_text import json_object
from ..domain.problems import Problem

_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True)
class KeptToken:
    """The token of a request that a browser has kept, "" for none, and whether it has seen the request's end."""

    token: str = ""
    has_ended: bool = False


def read_token(value: object) -> str:
    """Return a token from the browser; raise SanaError for anything else."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise SanaError(Problem("event kind", {}))
    return value


def read_requests(text: object) -> tuple[KeptToken, KeptToken]:
    """Return the requests kept by this tab and by its browser. What is damaged or foreign counts as none."""
    try:
        kept = json_object(text) if isinstance(text, str) else {}
    except ValueError:
        kept = {}
    each = [kept.get(name) for name in ("tab", "browser")]
    tab, browser = (_kept_token(value) for value in each)
    return tab, browser


def _kept_token(value: object) -> KeptToken:
    token = value.get("token") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return KeptToken()
    return KeptToken(token, value.get("ended") is True)
