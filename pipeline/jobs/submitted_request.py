"""A request in the queue."""

import secrets
from dataclasses import dataclass, field

from ..domain.settings import GenerationSettings
from .grid_drawing import Grid
from .job import Job
from .settling import SettledRequest


@dataclass(frozen=True)
class SubmittedRequest:
    """A request in the queue: the name of its model, its checked settings, and its job.

    `number` tells it from the others with its token. `key` names it where nobody else may guess the name.
    Of a `grid`, model and settings are those of the first cell.
    """

    model: str
    settings: GenerationSettings
    job: Job
    number: int = 0
    grid: Grid | None = None
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def drawings(self) -> list[tuple[str, GenerationSettings]]:
        """The name of the model and the settings of each picture, in the order of drawing."""
        return (self.grid or SettledRequest(self.model, self.settings, None)).drawings
