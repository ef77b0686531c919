"""Lists of prompts: what a text stands for, and the requests of a page that follow each other."""

from collections.abc import Generator

import pytest

from pipeline.domain.errors import SanaError, SettingsError
from pipeline.domain.prompt_list import count_prompts, read_prompts
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import Result, Update
from pipeline.jobs.job import Job
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.kept_requests import KeptRequests
from pipeline.jobs.submitted_request import SubmittedRequest
from pipeline.page.page_requests import PageRequests
from pipeline.page.waiting_list import read_act
from tests.waiting import run_async, wait_for


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        (" a boat \r\n\n a moon ", ["a boat", "a moon"]),
        ("{red|blue} house", ["red house", "blue house"]),
        ("{a|b} {1|2}\nc", ["a 1", "a 2", "b 1", "b 2", "c"]),
        ("a {big |}cat", ["a big cat", "a cat"]),
        ("{red} {house", ["{red} {house"]),
        ("{a|{b|c}}", ["{a|b}", "{a|c}"]),
        ("a|b", ["a|b"]),
    ],
)
def test_lines_and_alternatives(text: str, prompts: list[str]) -> None:
    assert read_prompts(text, 10) == prompts
    assert count_prompts(text) == len(prompts)


def test_a_list_that_is_too_long_is_refused_before_it_is_made() -> None:
    with pytest.raises(SettingsError, match="The list has 1,000 prompts, and there is room for 32"):
        read_prompts("a\n" * 1000, 32)
    with pytest.raises(SettingsError, match=r"has 1,000,000 prompts"):
        read_prompts("{0|1|2|3|4|5|6|7|8|9}" * 6, 32)
    with pytest.raises(SettingsError, match="The list is empty"):
        read_prompts(" \n ", 32)
    with pytest.raises(SettingsError, match="more than 1,000,000 prompts"):  # a count of 6,000 digits is none to write
        read_prompts("{a|b}" * 20_000, 32)


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"number": true, "act": "up"}', '{"number": 1, "act": "x"}'])
def test_what_is_no_press_is_refused(text: object) -> None:
    with pytest.raises(SanaError, match="reload the page"):
        read_act(text)


class Page:
    """A page whose requests are drawn one at a time, each when it is allowed."""

    def __init__(self) -> None:
        self.queue, self.kept = JobQueue(), KeptRequests()
        self.requests = PageRequests(self.kept)
        self.allowed: set[str] = set()
        self.drawn: list[str] = []

    def submit(self, prompt: str) -> SubmittedRequest:
        def work() -> Generator[Update, None, None]:
            wait_for(lambda: prompt in self.allowed or (jobs and jobs[0].is_cancelled))
            if prompt in self.allowed:
                self.drawn.append(prompt)
                yield Result([], settings, {})

        jobs: list[Job] = []
        settings = GenerationSettings(prompt)
        jobs.append(self.queue.submit(work, "me", is_kept=True))
        request = SubmittedRequest("model", settings, jobs[0], len(prompt))
        self.kept.add("token", request)
        return request

    def waiting(self) -> list[str]:
        return [each["prompt"] for each in self.requests.waiting("me", "token")["requests"]]


async def read(request: SubmittedRequest) -> None:
    async with request.job.follow() as updates:
        async for _ in updates:
            pass


def test_a_page_follows_its_requests_in_their_order_and_those_that_are_added() -> None:
    page = Page()
    for prompt in ("a", "bb", "ccc", "dddd"):
        page.submit(prompt)

    async def follow() -> list[str]:
        seen = []
        async for request in page.requests.follow("me", "token"):
            seen.append(request.settings.prompt)
            if len(seen) == 1:
                assert page.waiting() == ["bb", "ccc", "dddd"]
                page.queue.move(page.kept.find_one("token", 4).job, -1)
                page.queue.move(page.kept.find_one("token", 2).job, -1)  # it is the first already
                page.kept.find_one("token", 2).job.cancel()
                assert page.waiting() == ["dddd", "ccc"]
                await page.requests.hold("me", "token", [page.submit("eeeee")])
            page.allowed.add(request.settings.prompt)
            await read(request)
        return seen

    assert run_async(follow()) == page.drawn == ["a", "dddd", "ccc", "eeeee"]
    assert not page.requests.are_followed("me", "token")


def test_a_page_that_leaves_leaves_all_of_its_requests_and_finds_them_again() -> None:
    page = Page()
    requests = [page.submit(prompt) for prompt in ("a", "bb")]

    async def leave() -> None:
        following = page.requests.follow("me", "token")
        await anext(following)
        assert all(each.job.left_at is None for each in requests)
        await following.aclose()

    run_async(leave())
    assert all(each.job.left_at for each in requests)
    page.allowed |= {"a", "bb"}
    wait_for(lambda: all(each.job.is_finished for each in requests))

    async def come_back() -> list[str]:
        seen = []
        async for request in page.requests.follow("me", "token", again=True):
            await read(request)
            seen.append(request.settings.prompt)
        return seen

    assert run_async(come_back()) == ["a", "bb"]  # both were drawn meanwhile
    assert run_async(come_back()) == ["bb"]


def test_stop_cancels_all_and_draws_no_other() -> None:
    page = Page()
    requests = [page.submit(prompt) for prompt in ("a", "bb", "ccc")]
    page.allowed |= {"bb", "ccc"}
    page.kept.cancel("another")
    page.kept.cancel("token")
    wait_for(lambda: all(each.job.is_finished for each in requests))
    assert page.drawn == []
    assert run_async(_first(page)) is None


async def _first(page: Page) -> SubmittedRequest | None:
    return await anext(page.requests.follow("me", "token"), None)
