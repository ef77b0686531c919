"""The job queue: order, places, limits, followers and those who leave, cancelling, errors; tests hold the work up."""

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import pytest
from PIL import Image

from pipeline.domain.errors import BusyError, SanaError
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import JobUpdate, QueueUpdate, Result, StepUpdate, StoppedUpdate, Update
from pipeline.jobs.job_queue import Job, JobQueue
from tests.waiting import wait_for

SETTINGS = GenerationSettings("a house")
PREVIEWS = {step: Image.new("L", (1, 1)) for step in (1, 2, 3)}


class Work:
    """Steps that each wait until a test allows them; `ended` is "done" or "closed"."""

    def __init__(self, steps: int = 3, error: Exception | None = None) -> None:
        self.steps, self.error = steps, error
        self.begun = 0
        self.ended: str | None = None
        self._allowed = threading.Semaphore(0)

    def allow(self, count: int = 1) -> None:
        self._allowed.release(count)

    def __call__(self) -> Generator[Update, None, None]:
        try:
            for step in range(1, self.steps + 1):
                self.begun = step
                assert self._allowed.acquire(timeout=30)
                yield StepUpdate(step, self.steps, PREVIEWS[step], 0.1)
            if self.error:
                raise self.error
            yield Result(["picture"], SETTINGS, {})
            self.ended = "done"
        finally:
            self.ended = self.ended or "closed"


class Follower:
    """A follower of a job in an event loop of its own; `leave` does what a closed tab does."""

    def __init__(self, job: Job) -> None:
        self.updates: list[JobUpdate] = []
        self.error: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._entered = threading.Event()
        self._task = self._loop.create_task(self._follow(job))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._entered.wait(30)

    async def _follow(self, job: Job) -> None:
        async with job.follow() as updates:
            self._entered.set()
            async for update in updates:
                self.updates.append(update)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._task)
        except (SanaError, asyncio.CancelledError) as error:
            self.error = error
        self._loop.close()

    def leave(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self.join()

    def join(self) -> "Follower":
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self


def places(follower: Follower) -> list[int]:
    return [update.ahead for update in follower.updates if isinstance(update, QueueUpdate)]


@dataclass
class Queued:
    """The jobs of one queue, with the work and a follower of each."""

    queue: JobQueue
    works: list[Work]
    jobs: list[Job]
    followers: list[Follower]


@pytest.fixture
def queued() -> Iterator[Queued]:
    """Yield three jobs of three clients, of which the first runs."""
    queue, works = JobQueue(), [Work() for _ in range(3)]
    jobs = [queue.submit(work, client) for work, client in zip(works, "abc", strict=True)]
    followers = [Follower(job) for job in jobs]
    wait_for(lambda: works[0].begun == 1)
    yield Queued(queue, works, jobs, followers)
    for work in works:
        work.allow(10)


def test_jobs_run_one_after_another_in_the_order_of_asking(queued: Queued) -> None:
    first, second, third = queued.works
    first.allow(2)
    wait_for(lambda: first.begun == 3)
    assert (second.begun, third.begun) == (0, 0)
    first.allow()
    wait_for(lambda: second.begun == 1)
    assert (first.ended, third.begun) == ("done", 0)
    second.allow(3)
    third.allow(3)
    updates = [[type(update) for update in follower.join().updates] for follower in queued.followers]
    assert updates[0] == [StepUpdate] * 3 + [Result]
    assert updates[2] == [QueueUpdate] * 2 + [StepUpdate] * 3 + [Result]
    assert [places(follower) for follower in queued.followers] == [[], [1], [2, 1]]


def test_several_can_run_at_once() -> None:
    queue, works = JobQueue(at_once=2), [Work() for _ in range(3)]
    followers = [Follower(queue.submit(work, "me")) for work in works]
    wait_for(lambda: works[0].begun == works[1].begun == 1)
    assert works[2].begun == 0
    works[1].allow(3)
    wait_for(lambda: works[2].begun == 1)
    for work in works:
        work.allow(3)
    assert [len(follower.join().updates) for follower in followers] == [4, 4, 5]


def test_a_job_whose_only_follower_left_ends_within_a_step(queued: Queued) -> None:
    queued.followers[0].leave()
    queued.works[0].allow()
    wait_for(lambda: queued.works[0].ended)
    assert (queued.works[0].begun, queued.works[0].ended) == (1, "closed")
    wait_for(lambda: queued.works[1].begun == 1)


def test_a_job_that_waits_and_is_left_is_never_begun_and_the_others_move_up(queued: Queued) -> None:
    queued.followers[1].leave()
    wait_for(lambda: places(queued.followers[2]) == [2, 1])
    for work in queued.works:
        work.allow(3)
    queued.followers[2].join()
    assert [work.ended for work in queued.works] == ["done", None, "done"]


def test_a_second_follower_gets_all_and_keeps_the_job_going(queued: Queued) -> None:
    queued.works[0].allow(2)
    wait_for(lambda: len(queued.followers[0].updates) == 2)
    late = Follower(queued.jobs[0])
    queued.followers[0].leave()
    queued.works[0].allow()
    steps = [update for update in late.join().updates if isinstance(update, StepUpdate)]
    assert [update.step for update in steps] == [1, 2, 3]
    assert steps[0].preview is None  # of a hundred previews only the last is kept
    assert steps[2].preview is PREVIEWS[3]
    assert queued.works[0].ended == "done"


@pytest.mark.parametrize(
    ("alone", "for_others", "others", "ended"),
    [(0.3, 30.0, 0, "closed"), (30.0, 0.3, 0, "done"), (30.0, 0.3, 1, "closed")],
)
def test_a_kept_job_without_followers_goes_on_for_a_while_and_shorter_if_others_wait(
    alone: float, for_others: float, others: int, ended: str
) -> None:
    work, queue = Work(), JobQueue(keep_seconds=alone, keep_seconds_for_others=for_others)
    job = queue.submit(work, "me", is_kept=True)
    waiting = [queue.submit(Work(0), f"other {index}") for index in range(others)]
    Follower(job).leave()
    assert not job.is_cancelled
    if ended == "closed":
        wait_for(lambda: job.is_cancelled)
    work.allow(3)
    wait_for(lambda: work.ended)
    assert work.ended == ended
    wait_for(lambda: all(each.is_finished for each in waiting))


def test_who_comes_back_in_time_keeps_the_job() -> None:
    work = Work()
    job = JobQueue(keep_seconds=0.5).submit(work, "me", is_kept=True)
    Follower(job).leave()
    back = Follower(job)
    threading.Event().wait(0.8)
    work.allow(3)
    assert isinstance(back.join().updates[-1], Result)


def test_cancelling_tells_the_followers_what_was_done(queued: Queued) -> None:
    queued.works[0].allow()
    wait_for(lambda: len(queued.followers[0].updates) == 1)
    queued.jobs[0].cancel()
    queued.works[0].allow()
    last = queued.followers[0].join().updates[-1]
    assert isinstance(last, StoppedUpdate)
    assert last.finished == 0
    assert last.last.preview is PREVIEWS[last.last.step]
    assert queued.works[0].ended == "closed"
    queued.jobs[2].cancel()
    assert queued.followers[2].join().updates[-1] == StoppedUpdate(None, 0)
    assert queued.works[2].begun == 0


def test_a_job_that_was_complete_when_it_was_cancelled_was_not_stopped() -> None:
    jobs: list[Job] = []

    def work() -> Generator[Update, None, None]:
        yield Result(["picture"], SETTINGS, {})
        jobs[0].cancel()

    jobs.append(JobQueue().submit(work, "me"))
    assert [type(update) for update in Follower(jobs[0]).join().updates] == [Result]


def test_an_error_reaches_the_followers_and_the_next_job_runs(caplog: pytest.LogCaptureFixture) -> None:
    queue = JobQueue()
    failing, broken, fine = Work(1, SanaError("The disk is full.")), Work(1, ZeroDivisionError("secret")), Work(1)
    followers = [Follower(queue.submit(work, "me")) for work in (failing, broken, fine)]
    for work in (failing, broken, fine):
        work.allow()
    errors = [str(follower.join().error) for follower in followers]
    assert errors == ["The disk is full.", "Something went wrong on the way: the log of the program says what.", "None"]
    assert "secret" in caplog.text


def test_too_many_waiting_and_too_many_of_one_client_are_refused() -> None:
    queue, work = JobQueue(max_waiting=2, max_per_client=2), Work()
    jobs = [queue.submit(work, client) for client in "aab"]
    followers = [Follower(job) for job in jobs]
    with pytest.raises(BusyError, match="You have 2 requests here already"):
        queue.submit(work, "a")
    with pytest.raises(BusyError, match="Too many requests are waiting"):
        queue.submit(work, "c")
    for job in jobs:
        job.cancel()
    work.allow(20)
    for follower in followers:
        follower.join()
    again = Follower(queue.submit(work, "a"))  # there is room again
    assert isinstance(again.join().updates[-1], Result)


def test_who_wait_are_served_in_turn_client_by_client() -> None:
    queue, order = JobQueue(), []
    hold = Work(1)
    queue.submit(hold, "a")
    wait_for(lambda: hold.begun)

    def job(name: str) -> Callable[[], Generator[Update, None, None]]:
        def work() -> Generator[Update, None, None]:
            order.append(name)
            yield Result(["picture"], SETTINGS, {})

        return work

    jobs = [queue.submit(job(f"{client}{number}"), client) for client in "ab" for number in (1, 2, 3)]
    jobs.append(queue.submit(job("c1"), "c"))
    assert [each.ahead for each in jobs] == [3, 5, 7, 1, 4, 6, 2]
    hold.allow()
    wait_for(lambda: all(each.is_finished for each in jobs))
    assert order == ["b1", "c1", "a1", "b2", "a2", "b3", "a3"]


def test_one_address_has_the_places_and_turns_of_one_client_whatever_names_it_takes() -> None:
    queue, work = JobQueue(max_per_client=3), Work()
    first = queue.submit(work, "a", "192.0.2.1")
    others = [queue.submit(work, name, "192.0.2.1") for name in ("b", "c")]
    with pytest.raises(BusyError, match="You have 3 requests here already"):
        queue.submit(work, "d", "192.0.2.1")
    other, unknown = queue.submit(work, "e", "192.0.2.2"), queue.submit(work, "f")
    assert (other.ahead, unknown.ahead) == (1, 2)
    first.cancel()  # and not the neighbours' ones
    work.allow(1)
    wait_for(lambda: first.is_finished)
    for job in (*others, other, unknown):
        job.cancel()
    work.allow(3)
    wait_for(lambda: other.is_finished and unknown.is_finished)
