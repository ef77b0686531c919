"""A request in the queue."""

from dataclasses import dataclass

from ..domain.settings import GenerationSettings
from .job import Job


@dataclass(frozen=True)
class SubmittedRequest:
    """A request in the queue: the name of its model, its checked settings, and its job.

    `number` tells it from the others with its token.
    """

    model: str
    settings: GenerationSettings
    job: Job
    number: int = 0
