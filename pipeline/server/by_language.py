"""The choice of a page by the language that a browser asks for."""

import re
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROGRAMS = "/gradio_api/mcp"  # these routes exist in the first language only
_RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")


def best_language(accepted: str, languages: Iterable[str]) -> str:
    """Return the language that a header Accept-Language likes best, or the first of `languages` if it names none.

    "zh-TW" is taken as "zh". Parts of the header that are not well-formed are passed over, as is "*".
    """
    known = list(languages)
    liked = dict.fromkeys(known, 0.0)
    for part in accepted.split(","):
        found = _RANGE.fullmatch(part)
        if found and (language := found[1].lower()) in liked:
            liked[language] = max(liked[language], float(found[2] or 1))
    return max(known, key=lambda language: liked[language])  # of equals, the first


class ByLanguage:
    """An application that hands each request to the application of its language. Programs ask for none."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        """Wrap applications by language; the first one answers whoever asks for no language of them."""
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_vary(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Accept-Language")
            await send(message)

        is_for_programs = scope["path"].startswith(PROGRAMS)
        accepted = "" if is_for_programs else ",".join(Headers(scope=scope).getlist("accept-language"))
        await self._apps[best_language(accepted, self._apps)](scope, receive, send_with_vary)
