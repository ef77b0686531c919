"""Requests that follow what people type."""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .job import Job
from .job_queue import JobQueue
from .submitted_request import SubmittedRequest

if TYPE_CHECKING:
    from .service import GenerationService

INTERFACE = "live"  # in the statistics


class LiveRequests:
    """The latest request of each sender who types. They are drawn only while the queue has nothing else to do."""

    def __init__(self, service: "GenerationService", queue: JobQueue) -> None:
        self._service, self._queue = service, queue
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()  # of the jobs; nothing else is locked while it is held

    def submit(self, values: Mapping[str, Any], client: str, address: str) -> SubmittedRequest | None:
        """Put a request into the queue in place of the sender's one before; return None while others draw or wait.

        Its pictures are not saved. Without followers it ends at once.

        Raises:
            SettingsError: a value is refused.
        """
        settled = self._service.settle(values)
        self.end(client)
        if self._queue.is_busy:
            return None
        draw = self._service.draw
        job = self._queue.submit(
            lambda: draw(settled, is_saved=False), client, address, lambda job: self._finish(client, job)
        )
        with self._lock:
            before = self._jobs.get(client)  # of two that came at once
            if not job.is_finished:
                self._jobs[client] = job
        if before:
            before.cancel()
        return SubmittedRequest(settled.model, settled.settings, job)

    def end(self, client: str) -> None:
        """Cancel a sender's request, if there is one; a running one stops within a step."""
        with self._lock:
            job = self._jobs.pop(client, None)
        if job:
            job.cancel()

    def give_way(self) -> None:
        """Cancel the requests of all senders, for a request that is not live."""
        for client in list(self._jobs):
            self.end(client)

    def _finish(self, client: str, job: Job) -> None:
        self._service.statistics.count(INTERFACE, job.outcome)
        with self._lock:
            if self._jobs.get(client) is job:
                del self._jobs[client]
