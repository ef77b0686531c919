"""Several machines, without any: messages, a pipeline whose replicas are lost, flags, sizes, waiting times."""

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from pipeline.cluster.cluster_flags import ReplicaRange, cluster_address, replica_range
from pipeline.cluster.cluster_messages import PAUSE, Failure, Hello, Introduction, Message, Pace, Report
from pipeline.cluster.remote_pipeline import MOST_LOST, RemotePipeline, ReplicaLost
from pipeline.cluster.replica import Replica
from pipeline.cluster.sizing import Room, replica_threads
from pipeline.domain.errors import BusyError, SanaError, SettingsError
from pipeline.domain.problems import Problem
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import (
    AnyUpdate,
    DecodeUpdate,
    PictureUpdate,
    PreparationUpdate,
    QueueUpdate,
    RestartUpdate,
    Result,
    StepUpdate,
    StillAtWork,
    Update,
)
from pipeline.generation.prompt_tokens import PromptTokens
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.submitted_request import SubmittedRequest
from pipeline.jobs.waiting_times import waiting_times
from pipeline.page.status import StatusTracker
from pipeline.page.words import English
from tests.descriptions import MODEL
from tests.test_job_queue import Follower, Work, places
from tests.tiny_checkpoint import tokenizer
from tests.waiting import run_async, wait_for

PREVIEW = Image.new("RGB", (64, 64), "red")
HOUSE = GenerationSettings("a house", width=256, height=256)
TOKENS = PromptTokens(tokenizer(), ["Draw:", ""], 24)
SLOW, FAST = Hello("old", 1, "f32"), Hello("new", 2, "bf16")


def drawing(settings: GenerationSettings) -> Iterator[Update]:
    """Yield the updates of a drawing of one step a picture; a picture is the seed that it was drawn with."""
    count = settings.picture_count
    for image in range(1, count + 1):
        yield StepUpdate(1, 1, PREVIEW, 0.1, image, count)
        yield PictureUpdate(image, count, settings.of_picture(image - 1).seed)
    yield Result(None, settings, {"transformer": 1.0})


class FakeStream:
    """What one replica sends: all of a drawing, or the first `lost_after` messages of it."""

    def __init__(self, hello: Hello, settings: GenerationSettings, lost_after: int | None, hold: bool) -> None:
        self.messages: list[Message] = [hello, *map(Report.of, drawing(settings))]
        self.lost_after, self.is_cancelled = lost_after, threading.Event()
        self._hold = hold

    def __iter__(self) -> Iterator[Message]:
        if self._hold:
            assert self.is_cancelled.wait(30)
            return
        yield from self.messages[: self.lost_after]
        if self.lost_after is not None:
            raise ReplicaLost

    def cancel(self) -> None:
        self.is_cancelled.set()


class FakeReplicas:
    """Replicas of which each draws one generation, `lost_after` that many messages, None for one that is not lost."""

    def __init__(self, *lost_after: int | None, hellos: Sequence[Hello] = (SLOW,) * 9, hold: bool = False) -> None:
        self.left, self.hellos, self.hold = list(lost_after), list(hellos), hold
        self.asked: list[tuple[GenerationSettings, str | None]] = []
        self.streams: list[FakeStream] = []

    def draw(self, settings: GenerationSettings, given: object, processor: str | None) -> FakeStream:
        self.asked.append((settings, processor))
        self.streams.append(FakeStream(self.hellos.pop(0), settings, self.left.pop(0), self.hold))
        return self.streams[-1]


def drawn(replicas: FakeReplicas, images: int = 1) -> list[AnyUpdate]:
    pipeline = RemotePipeline(MODEL, replicas, Introduction(SLOW, TOKENS))
    return list(pipeline.generate(dataclasses.replace(HOUSE, seed=7, num_images_per_prompt=images)))


def test_a_picture_of_a_lost_replica_is_begun_again_with_its_seed_and_told() -> None:
    replicas = FakeReplicas(2, None)
    updates = drawn(replicas)
    assert [type(update) for update in updates] == [StepUpdate, RestartUpdate, StepUpdate, PictureUpdate, Result]
    assert [settings.seed for settings, _ in replicas.asked] == [7, 7]
    assert updates[-1].images == [7]
    assert updates[-1].times == {"transformer": 1.0}
    assert all(stream.is_cancelled.is_set() for stream in replicas.streams)


def test_pictures_that_were_finished_are_not_drawn_again() -> None:
    replicas = FakeReplicas(4, None)  # the first picture and the step of the second are there
    updates = drawn(replicas, images=3)
    pictures = [update for update in updates if isinstance(update, PictureUpdate)]
    assert [(update.image, update.images, update.picture) for update in pictures] == [(1, 3, 7), (2, 3, 8), (3, 3, 9)]
    assert next(update for update in updates if isinstance(update, RestartUpdate)) == RestartUpdate(2, 3)
    again, _ = replicas.asked[1]
    assert (again.seed, again.num_images_per_prompt) == (8, 2)
    assert updates[-1].images == [7, 8, 9]
    assert updates[-1].settings.num_images_per_prompt == 3
    assert updates[-1].times == {}  # those of the first picture are not known


def test_a_replica_lost_after_its_last_picture_loses_nothing() -> None:
    assert drawn(FakeReplicas(3))[-1].images == [7]


def test_a_request_that_ends_machines_is_refused() -> None:
    with pytest.raises(SanaError, match="3 machines were lost in the middle of this picture"):
        drawn(FakeReplicas(*[2] * MOST_LOST))


def test_another_precision_is_told_and_the_same_kind_is_preferred() -> None:
    replicas = FakeReplicas(2, 2, None, hellos=(SLOW, FAST, FAST))
    restarts = [update for update in drawn(replicas) if isinstance(update, RestartUpdate)]
    assert restarts == [RestartUpdate(1, 1), RestartUpdate(1, 1, "bf16"), RestartUpdate(1, 1)]
    assert [processor for _, processor in replicas.asked] == [None, "old", "new"]


def test_closing_cancels_on_the_replica_while_nothing_comes() -> None:
    replicas = FakeReplicas(None, hold=True)
    updates = RemotePipeline(MODEL, replicas, Introduction(SLOW, TOKENS)).generate(HOUSE)
    waited = [next(updates) for _ in range(8)]
    assert StillAtWork() in waited
    assert any(isinstance(update, PreparationUpdate) for update in waited)  # no machine is free
    updates.close()
    assert replicas.streams[0].is_cancelled.is_set()


def test_a_job_is_not_told_that_nothing_happens_and_stops_in_between() -> None:
    begun = threading.Event()

    def work() -> Generator[AnyUpdate, None, None]:
        while True:
            begun.set()
            yield StillAtWork()

    job = JobQueue().submit(work, "me")
    assert begun.wait(30)
    job.cancel()
    wait_for(lambda: job.is_finished)
    assert len(Follower(job).join().updates) == 1


@pytest.mark.parametrize(
    "error", [SettingsError(Problem("empty", {"noun": "prompt"})), SanaError("No disk."), BusyError("x")]
)
def test_errors_and_previews_travel(error: SanaError) -> None:
    back = Failure.of(error).error
    assert (type(back), str(back), back.problem) == (type(error), str(error), error.problem)
    step = StepUpdate(1, 2, PREVIEW, 0.5)
    sent = Report.of(step)
    assert len(sent.preview or b"") < 2000
    back_again = sent.read()
    assert isinstance(back_again, StepUpdate)
    assert back_again.preview.size == PREVIEW.size
    assert min(back_again.preview.getchannel("R").getdata()) > 250
    assert dataclasses.replace(back_again, preview=None) == dataclasses.replace(step, preview=None)
    assert Report.of(Result([PREVIEW], GenerationSettings("a"), {})).read().images == []


def test_progress_is_sent_five_times_a_second_and_the_ends_always(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("pipeline.cluster.cluster_messages.time.monotonic", lambda: now[0])
    pace, sent = Pace(), []
    for step in range(1, 21):
        now[0] += PAUSE / 4.5
        if pace.is_due(StepUpdate(step, 20, None, 0.0)):
            sent.append(step)
    assert sent == [1, 6, 11, 16, 20]
    assert not pace.is_due(DecodeUpdate(1, 1, 1, 9))
    assert pace.is_due(PictureUpdate(1, 1, None))


class FakePipeline:
    """A pipeline of many steps, of which the test allows each."""

    threads, precision = 1, "f32"

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.events: list[int | str] = []

    def generate(self, settings: GenerationSettings, given: object = None) -> Generator[Update, None, None]:
        try:
            for step in range(1, 100):
                assert self.allowed.acquire(timeout=30)
                self.events.append(step)
                yield StepUpdate(step, 1, None, 0.0)
                if settings.prompt == "bad":
                    raise SettingsError(Problem("empty mask", {"colour": "white"}))
        finally:
            self.events.append("closed")


@pytest.fixture
def replica() -> tuple[Replica, FakePipeline]:
    pipeline = FakePipeline()

    class Spec:
        def source(self, threads: int) -> "Spec":
            return self

        def load(self, on_progress: object) -> FakePipeline:
            return pipeline

    return Replica(Spec(), 1), pipeline  # type: ignore[arg-type]


def test_a_cancelled_replica_ends_within_the_step_and_is_free_then(replica: tuple[Replica, FakePipeline]) -> None:
    drawer, pipeline = replica

    async def cancel() -> list[Any]:
        messages: list[Message] = []

        async def read() -> None:
            async for message in drawer.draw(GenerationSettings("a house"), None):
                messages.append(message)

        task = asyncio.create_task(read())
        pipeline.allowed.release()
        while len(messages) < 2:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.05)
        assert not task.done()  # the second step is on its way
        pipeline.allowed.release()
        await asyncio.wait([task])
        return messages

    hello, first = run_async(cancel())
    assert hello.precision == "f32"
    assert first.update.step == 1
    assert pipeline.events == [1, 2, "closed"]


def test_a_replica_sends_what_it_refuses(replica: tuple[Replica, FakePipeline]) -> None:
    drawer, pipeline = replica
    pipeline.allowed.release()

    async def read() -> list[Message]:
        return [message async for message in drawer.draw(GenerationSettings("bad"), None)]

    *_, failure = run_async(read())
    assert failure == Failure("SettingsError", Problem("empty mask", {"colour": "white"}))


@pytest.mark.parametrize(
    ("running", "waiting", "at_once", "expected"),
    [
        ([4.0], [10.0, 10.0], 1, [4.0, 14.0]),
        ([4.0, 1.0], [10.0, 10.0, 10.0], 2, [1.0, 4.0, 11.0]),
        ([4.0, None], [1.0, None, 1.0], 2, [4.0, 5.0, None]),
        ([5.0, 3.0, 9.0], [1.0], 2, [5.0]),
        ([], [], 3, []),
    ],
)
def test_waiting_times_know_of_all_places(
    running: list[float | None], waiting: list[float | None], at_once: int, expected: list[float | None]
) -> None:
    assert waiting_times(running, waiting, at_once) == expected


def test_jobs_of_different_lanes_do_not_wait_for_each_other() -> None:
    queue, works = JobQueue(), [Work(1) for _ in range(4)]
    lanes = ["a", "a", "b", "b"]
    followers = [
        Follower(queue.submit(work, f"{place}", lane=lane, seconds=5.0))
        for place, (work, lane) in enumerate(zip(works, lanes, strict=True))
    ]
    wait_for(lambda: works[0].begun and works[2].begun)
    assert [work.begun for work in works] == [1, 0, 1, 0]
    wait_for(lambda: followers[1].updates and followers[3].updates)
    assert [places(follower) for follower in followers] == [[], [1], [], [1]]
    update = followers[1].updates[0]
    assert isinstance(update, QueueUpdate)
    assert 4 < (update.seconds or 0) <= 5
    works[2].allow()
    wait_for(lambda: works[3].begun)
    assert not works[1].begun
    for work in works:
        work.allow()
    for follower in followers:
        follower.join()


@pytest.mark.parametrize(("text", "expected"), [("3", ReplicaRange(3, 3)), ("1..4", ReplicaRange(1, 4))])
def test_replicas_are_a_number_or_a_range(text: str, expected: ReplicaRange) -> None:
    assert replica_range(text) == expected


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((replica_range, text) for text in ("0", "x", "4..1", "1..", "-1", "1.5", "٣", "99999")),
        *((cluster_address, text) for text in ("", "here", "host:0", ":1", "http://a:1", "a:b", "ray://a:1")),
    ],
)
def test_other_flags_are_refused(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(Exception, match="must be"):
        parse(text)


@pytest.mark.parametrize(
    ("cpus", "replicas", "threads"), [([2], 1, 2), ([2], 2, 1), ([8, 8], 3, 4), ([4, 16], 5, 4), ([3, 3], 2, 3)]
)
def test_replicas_share_the_cpus_of_nodes(cpus: list[int], replicas: int, threads: int) -> None:
    assert replica_threads([Room(each, 100e9) for each in cpus], replicas, 10**9) == threads


@pytest.mark.parametrize(("cpus", "gigabytes"), [(3, 100), (100, 30), (0, 0)])
def test_a_cluster_too_small_is_refused(cpus: int, gigabytes: int) -> None:
    with pytest.raises(SanaError, match="too small: 4 replicas need 4 CPUs and 4 x 10"):
        replica_threads([Room(cpus, gigabytes * 1e9)], 4, 10 * 10**9)


@pytest.mark.parametrize(
    ("busy", "wanted", "expected"),
    [
        ("", "", [{"a1", "a2", "b1"}]),
        ("", "b", [{"b1"}, {"a1", "a2", "b1"}]),
        ("b1", "b", [{"a1", "a2"}]),
        ("a1 a2 b1", "", [{"a1", "a2", "b1"}]),
    ],
)
def test_a_free_replica_is_asked_first_one_of_the_wanted_kind(busy: str, wanted: str, expected: list[set[str]]) -> None:
    from pipeline.cluster.replica_router import ReplicaRouter

    replicas = [SimpleNamespace(name=name, routing_stats={"processor": name[0]}) for name in ("a1", "a2", "b1")]

    class Router(ReplicaRouter):
        def __init__(self) -> None:
            pass

        def select_available_replicas(self, candidates: list[Any]) -> list[Any]:
            return [each for each in candidates if each.name not in busy.split()]

    request = SimpleNamespace(metadata=SimpleNamespace(multiplexed_model_id=wanted))
    ranks = run_async(Router().choose_replicas(replicas, request))
    assert [{each.name for each in rank} for rank in ranks] == expected


def test_who_waits_is_told_a_time_and_whose_machine_is_lost_that_too() -> None:
    class Known:
        def estimate(self, *request: object) -> float:
            return 20.0

        total = picture = decoding = encoding = estimate

        def known(self) -> "Known":
            return self

    job = JobQueue().submit(lambda: iter(()), "me")  # type: ignore[arg-type, return-value]
    tracker = StatusTracker(English(), Known(), SubmittedRequest("model", HOUSE, job))  # type: ignore[arg-type]
    told = [tracker.status(update) for update in (QueueUpdate(3, 25.0), QueueUpdate(3), RestartUpdate(1, 1))]
    assert [status.kind for status in told] == ["queue", "queue", "restart"]
    assert told[0].text == "In the queue: 3 requests are before yours, about 45 s left"
    assert told[1].text == "In the queue: 3 requests are before yours"
    assert told[2].text == "The machine that drew this is gone: it begins again on another"
