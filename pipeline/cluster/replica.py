"""The replica: one pipeline in a process of its own, which draws one picture at a time. Ray Serve runs it."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from ..domain.errors import SanaError
from ..domain.settings import GenerationSettings
from ..domain.updates import Update
from ..generation.given_picture import GivenPicture
from ..runtime.processor import processor_name
from .cluster_messages import PROCESSOR, Failure, Hello, Introduction, Message, Pace, Report
from .model_spec import ModelSpec


class Replica:
    """A loaded pipeline. Its steps run in a thread of their own, so that a cancelled `draw` is heard at once."""

    def __init__(self, spec: ModelSpec, threads: int) -> None:
        """Load the model, to compute on `threads` CPU threads; raise SanaError if that fails."""
        self._pipeline = spec.source(threads).load(lambda progress: None)
        self._pool = ThreadPoolExecutor(1, "drawing")

    def hello(self) -> Hello:
        return Hello(processor_name(), self._pipeline.threads, self._pipeline.precision)

    def introduction(self) -> Introduction:
        return Introduction(self.hello(), self._pipeline.prompt_tokens)

    def record_routing_stats(self) -> dict[str, str]:
        """Return what `ReplicaRouter` knows of this replica; Serve asks for it."""
        return {PROCESSOR: processor_name()}

    async def draw(self, settings: GenerationSettings, given: GivenPicture | None) -> AsyncGenerator[Message, None]:
        """Yield a Hello, then what happens, up to the Result or a Failure.

        Closing the generator ends the work within a step, and returns only then: the replica is free.
        """
        loop, messages = asyncio.get_running_loop(), asyncio.Queue[Message | BaseException | None]()
        is_over = threading.Event()

        def send(message: Message | BaseException | None) -> None:
            loop.call_soon_threadsafe(messages.put_nowait, message)

        def work() -> None:
            pace = Pace()
            try:
                with closing(self._pipeline.generate(settings, given=given)) as updates:
                    for update in updates:
                        if is_over.is_set():
                            return
                        if isinstance(update, Update) and pace.is_due(update):
                            send(Report.of(update))
            except SanaError as error:
                send(Failure.of(error))
            except BaseException as error:  # noqa: BLE001 - whoever awaits the messages raises it
                send(error)
            send(None)

        yield self.hello()
        working = loop.run_in_executor(self._pool, work)
        try:
            while (message := await messages.get()) is not None:
                if isinstance(message, BaseException):
                    raise message
                yield message
        finally:
            is_over.set()
            await asyncio.shield(working)
