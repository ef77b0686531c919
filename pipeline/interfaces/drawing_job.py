"""The way of a request: checked, submitted, and followed for as long as its sender is there."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PIL import Image
from starlette.requests import ClientDisconnect, Request

from ..domain.errors import BusyError, SanaError
from ..domain.updates import JobUpdate, PictureUpdate, StepUpdate, StoppedUpdate
from ..jobs.service import GenerationService, SubmittedRequest
from ..jobs.statistics import REFUSED
from .refused import LONGEST_RETRY, Refused, refusal_of, refused
from .sender import Sender

UNKNOWN_SECONDS = 10.0  # taken for the time of a request where nothing like it has run yet; chosen
Result = TypeVar("Result")


@dataclass
class Drawn:
    """What a job has drawn: its pictures and, if it was stopped, the last step of the unfinished one."""

    pictures: list[Image.Image] = field(default_factory=list)
    unfinished: StepUpdate | None = None
    is_stopped: bool = False


async def submit(
    service: GenerationService, values: Mapping[str, Any], sender: Sender, interface: str
) -> SubmittedRequest:
    """Submit a request; raise Refused for the first value that is refused, named as this program does, or if busy."""
    problems = await asyncio.to_thread(service.problems, values)
    for name, problem in problems.items():
        service.statistics.count(interface, REFUSED)
        raise refused(problem, name)
    try:
        return await asyncio.to_thread(service.submit, values, sender.connection, sender.address, interface)
    except BusyError as error:
        seconds = math.ceil(min(LONGEST_RETRY, service.estimate(values) or UNKNOWN_SECONDS))
        raise Refused(429, str(error), headers={"Retry-After": str(max(1, seconds))}) from error
    except SanaError as error:
        raise refusal_of(error) from error


async def finish(submitted: SubmittedRequest, on_update: Callable[[JobUpdate], object] = lambda update: None) -> Drawn:
    """Follow a job to its end; raise Refused if it fails. Who is cancelled in here cancels the job."""
    drawn = Drawn()
    try:
        async with submitted.job.follow() as updates:
            async for update in updates:
                on_update(update)
                match update:
                    case PictureUpdate(picture=picture):
                        drawn.pictures.append(picture)
                    case StoppedUpdate(last=last):
                        drawn.unfinished, drawn.is_stopped = last, True
    except SanaError as error:
        raise refusal_of(error) from error
    return drawn


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what the work returns; cancel it if the sender of a request hangs up, and raise ClientDisconnect."""
    task = asyncio.create_task(work)
    watch = asyncio.create_task(_hang_up(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for each in (task, watch):
            each.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
