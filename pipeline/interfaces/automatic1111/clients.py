"""What the server remembers of each client: its model, and the requests that are drawn for it."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from PIL import Image

from ...domain.limits import MAX_SESSIONS
from ...domain.updates import JobUpdate, PictureUpdate, StepUpdate
from ...jobs.job import Job


@dataclass(eq=False)
class Drawing:
    """A request on its way: how far it is, and the preview of the picture that is being drawn."""

    kind: str
    job: Job
    images: int
    begun: float = field(default_factory=time.time)
    finished: int = 0
    step: int = 0
    steps: int = 0
    preview: Image.Image | None = None

    def follow(self, update: JobUpdate) -> None:
        """Take an update of the job."""
        match update:
            case StepUpdate():
                self.step, self.steps = update.step, update.steps
                self.preview = update.preview or self.preview
            case PictureUpdate():
                self.finished, self.step, self.preview = update.image, 0, None

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        step = self.step / self.steps if self.steps else 0.0
        return min(1.0, (self.finished + step) / self.images)


@dataclass(eq=False)
class KnownClient:
    """A client: the model that it has chosen, if any, and its requests, the oldest first."""

    model: str | None = None
    drawings: list[Drawing] = field(default_factory=list)

    @property
    def current(self) -> Drawing | None:
        """The request that is being drawn, or else the one that waits longest."""
        return next((each for each in self.drawings if each.steps), self.drawings[0] if self.drawings else None)


class Clients:
    """The clients by name. The one not heard of for longest is forgotten where there are too many."""

    def __init__(self) -> None:
        self._clients: OrderedDict[str, KnownClient] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, name: str) -> KnownClient:
        with self._lock:
            client = self._clients.setdefault(name, KnownClient())
            self._clients.move_to_end(name)
            if len(self._clients) > MAX_SESSIONS:
                self._clients.popitem(last=False)
            return client
