"""The pipeline of a model whose replicas draw on other machines, and which begins again what a lost one drew."""

import dataclasses
import threading
import time
from collections.abc import Generator, Iterator
from queue import Empty, SimpleQueue
from typing import Protocol

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.problems import Problem
from ..domain.progress import MACHINE, Progress
from ..domain.settings import GenerationSettings
from ..domain.updates import (
    AnyUpdate,
    DecodeUpdate,
    PictureUpdate,
    PreparationUpdate,
    RestartUpdate,
    Result,
    StepUpdate,
    StillAtWork,
    Update,
)
from ..generation.given_picture import GivenPicture, check_given
from .cluster_messages import Failure, Hello, Introduction, Message, Report

MOST_LOST = 3  # replicas that one request may lose; chosen: by then it is the request that ends them
PATIENCE = 0.1  # seconds between two looks at whether the request was cancelled; chosen: a Stop acts soon
TELL_SECONDS = 0.5  # between two reports that no machine is free, the first included; chosen, as for a loading model


class ReplicaLost(Exception):
    """The replica that drew is gone: its process or its machine ended, or cannot be reached."""


class Stream(Protocol):
    """The messages of one generation. The iterator, read in one thread, raises ReplicaLost."""

    def __iter__(self) -> Iterator[Message]: ...

    def cancel(self) -> None:
        """End the generation within a step. Call this in any thread, also after the end."""


class Replicas(Protocol):
    """The replicas of a model."""

    def draw(self, settings: GenerationSettings, given: GivenPicture | None, processor: str | None) -> Stream:
        """Let a free replica draw, once there is one; one on a `processor` of this kind is preferred."""


class RemotePipeline:
    """What `SanaPipeline` is on one machine, over the replicas of a model.

    `threads` are those of one replica.
    """

    def __init__(self, model: ModelDescription, replicas: Replicas, introduction: Introduction) -> None:
        """Take what one of the replicas has said of itself."""
        hello = introduction.hello
        self.model = model
        self.prompt_tokens = introduction.prompt_tokens
        self.threads = hello.threads
        self._replicas = replicas
        self._precisions = {hello.precision}

    @property
    def precision(self) -> str:
        """Return the precision of the replicas heard of so far, or a list of them if they differ."""
        return ", ".join(sorted(self._precisions))

    def check(self, settings: GenerationSettings) -> None:
        """Raise SettingsError if the model does not take the settings. Whether memory holds them, replicas know."""
        self.model.check(settings)

    def generate(
        self, settings: GenerationSettings, *, given: GivenPicture | None = None
    ) -> Generator[AnyUpdate, None, None]:
        """Return a generator of the updates of one generation, the last of which is its Result.

        Closing the generator stops the work on its replica within a step. When a replica is lost, another begins again
        with the picture that was not finished.

        Raises:
            SanaError: as `SanaPipeline.generate`, or MOST_LOST replicas were lost in this generation.
        """
        self.check(settings)
        check_given(settings, given)
        return self._generate(settings, given)

    def _generate(self, settings: GenerationSettings, given: GivenPicture | None) -> Generator[AnyUpdate, None, None]:
        pictures: list[object] = []
        count, lost = settings.picture_count, 0
        drawer: Hello | None = None
        while len(pictures) < count:
            done = len(pictures)
            stream = self._replicas.draw(_without_first(settings, done), given, drawer.processor if drawer else None)
            try:
                for message in _messages(stream):
                    match message:
                        case PreparationUpdate() | StillAtWork():
                            yield message
                        case Hello():
                            self._precisions.add(message.precision)
                            if drawer and drawer.precision != message.precision:
                                yield RestartUpdate(done + 1, count, message.precision)
                            drawer = message
                        case Failure():
                            raise message.error
                        case Report():
                            update = _renumbered(message.read(), done, count)
                            if isinstance(update, Result):
                                # the seconds of pictures that a lost replica has drawn are not known
                                times = {} if done else update.times
                                yield Result(pictures, settings, times)
                                return
                            if isinstance(update, PictureUpdate):
                                pictures.append(update.picture)
                            yield update
            except ReplicaLost as error:
                lost += 1
                if lost == MOST_LOST:
                    raise SanaError(Problem("machines lost", {"count": lost})) from error
                if len(pictures) < count:
                    yield RestartUpdate(len(pictures) + 1, count)
        yield Result(pictures, settings, {})  # the replica was lost between its last picture and its report


def _without_first(settings: GenerationSettings, done: int) -> GenerationSettings:
    """Return the settings of all pictures but the first `done`."""
    if not done:
        return settings
    return dataclasses.replace(settings.of_picture(done), num_images_per_prompt=settings.picture_count - done)


def _renumbered(update: Update, done: int, count: int) -> Update:
    if done and isinstance(update, StepUpdate | DecodeUpdate | PictureUpdate):
        return dataclasses.replace(update, image=update.image + done, images=count)
    return update


def _messages(stream: Stream) -> Iterator[Message | PreparationUpdate | StillAtWork]:
    """Yield the messages of a stream, and updates that nothing happens in between. Closing it cancels the stream."""
    news = SimpleQueue[Message | BaseException | None]()

    def read() -> None:
        try:
            for message in stream:
                news.put(message)
            news.put(None)
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits for it
            news.put(error)

    threading.Thread(target=read, daemon=True, name="replica").start()
    is_begun, told = False, time.monotonic()
    try:
        while True:
            try:
                item = news.get(timeout=PATIENCE)
            except Empty:
                if is_begun or time.monotonic() < told + TELL_SECONDS:
                    yield StillAtWork()
                else:
                    told = time.monotonic()
                    yield PreparationUpdate(Progress(MACHINE, "Waiting for a free machine"))
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            is_begun = True
            yield item
    finally:
        stream.cancel()
