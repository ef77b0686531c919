"""The requests of one page, followed one after the other by one of its events, while others add to them."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from ..jobs.kept_requests import KeptRequests
from ..jobs.submitted_request import SubmittedRequest

MAX_PROMPT_SHOWN = 200  # characters of a waiting prompt; chosen: two lines on a desktop


@dataclass(eq=False)
class _Watch:
    """An event that follows a page's requests: the one that is followed now, and all that it holds."""

    held: AsyncExitStack = field(default_factory=AsyncExitStack)
    current: int | None = None


class PageRequests:
    """The requests of all pages, by session and token.

    Who follows the first of a page's requests holds the others as well: they stay as long as the page does.
    """

    def __init__(self, kept: KeptRequests) -> None:
        self._kept = kept
        self._watches: dict[tuple[str, str], _Watch] = {}

    def are_followed(self, session: str, token: str) -> bool:
        return (session, token) in self._watches

    async def hold(self, session: str, token: str, requests: Iterable[SubmittedRequest]) -> None:
        """Let who follows the page's requests hold these, too."""
        for each in requests:
            await self._watches[session, token].held.enter_async_context(each.job.follow())

    async def follow(self, session: str, token: str, again: bool = False) -> AsyncGenerator[SubmittedRequest, None]:
        """Yield the requests of a page when their turns come, also those that are added meanwhile.

        With `again`, the last request is yielded even if the page has seen its end. Closing the generator leaves all.
        """
        watch, given = _Watch(), set[int]()
        async with watch.held:
            self._watches[session, token] = watch
            try:
                requests = self._kept.find(token)
                await self.hold(session, token, (each for each in requests if not each.job.is_finished))
                coming = [each for each in requests if _is_to_come(each)] or requests[-1:] * again
                while coming:
                    watch.current = coming[0].number
                    given.add(watch.current)
                    yield coming[0]
                    coming = [each for each in self._kept.find(token) if _is_to_come(each) and each.number not in given]
            finally:
                if self._watches.get((session, token)) is watch:  # else another event of the page follows them by now
                    del self._watches[session, token]

    def waiting(self, session: str, token: str) -> dict[str, Any]:
        """Return the value of the waiting list: the number of the request that is followed, and those after it."""
        watch = self._watches.get((session, token))
        current = watch.current if watch else None
        requests = [
            {"number": each.number, "prompt": each.settings.prompt[:MAX_PROMPT_SHOWN]}
            for each in self._kept.find(token)
            if each.number != current and not each.job.is_finished
        ]
        return {"current": current, "requests": requests}


def _is_to_come(request: SubmittedRequest) -> bool:
    job = request.job
    return not (job.is_finished and (job.is_cancelled or job.is_seen))
