"""Requests that are found again by their tokens, and when they are forgotten."""

from collections.abc import Generator

import pytest
from PIL import Image

from pipeline.domain import limits
from pipeline.domain.errors import SanaError
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import PictureUpdate, Update
from pipeline.jobs import kept_requests
from pipeline.jobs.job import Job
from pipeline.jobs.kept_requests import KeptRequests
from pipeline.jobs.submitted_request import SubmittedRequest
from pipeline.page.kept_tokens import KeptToken, read_requests, read_token

TOKEN = "0123456789abcdef" * 2


def finished(side: int = 1, is_seen: bool = False) -> SubmittedRequest:
    """Return a finished request with one picture of this side in pixels."""

    def work() -> Generator[Update, None, None]:
        yield PictureUpdate(1, 1, Image.new("RGB", (side, side)))

    job = Job(work, "me", lambda job: None, lambda job: None, is_kept=True)
    job.run()
    job.is_seen = is_seen
    return SubmittedRequest("model", GenerationSettings("a house"), job)


def test_a_request_is_found_by_its_token_only() -> None:
    kept, request = KeptRequests(), finished()
    kept.add("mine", request)
    assert kept.find("mine") == [request]
    assert kept.find("another's") == []


def test_a_finished_request_is_forgotten_in_time() -> None:
    kept, request = KeptRequests(), finished()
    kept.add("mine", request)
    request.job.told_at -= limits.KEEP_SECONDS + 1
    assert kept.find("mine") == []


def test_of_requests_that_somebody_has_seen_only_the_latest_stay() -> None:
    kept = KeptRequests()
    kept.add("unseen", finished())
    for index in range(limits.MAX_SEEN + 1):
        kept.add(f"seen {index}", finished(is_seen=True))
    assert kept.find("seen 0") == []
    assert kept.find("seen 1")
    assert kept.find("unseen")


def test_pictures_that_nobody_has_seen_take_a_limited_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_requests, "MAX_KEPT_BYTES", 2 * 3 * 10**2)
    kept = KeptRequests()
    for name in "abc":
        kept.add(name, finished(side=10))
    assert [bool(kept.find(name)) for name in "abc"] == [False, True, True]
    kept.add("d", finished(side=100))  # the latest one stays, however large it is
    assert [bool(kept.find(name)) for name in "bcd"] == [False, False, True]


@pytest.mark.parametrize("value", [None, 1, "", TOKEN[:-1], TOKEN.upper(), "x" * 32, [TOKEN]])
def test_what_is_no_token_is_refused(value: object) -> None:
    with pytest.raises(SanaError, match="reload the page"):
        read_token(value)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "1", '{"tab": 1, "browser": "x"}', "[" * 100_000])
def test_what_is_no_kept_request_counts_as_none(text: str | None) -> None:
    assert read_requests(text) == (KeptToken(), KeptToken())


def test_a_kept_request_is_read() -> None:
    text = f'{{"tab": {{"token": "{TOKEN}", "ended": true}}, "browser": null}}'
    assert read_requests(text) == (KeptToken(TOKEN, has_ended=True), KeptToken())
