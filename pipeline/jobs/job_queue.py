"""The queue of jobs: their order, and the limits on waiting jobs and on jobs of one client."""

import threading
import time
from collections.abc import Callable

from ..domain.errors import BusyError
from ..domain.limits import KEEP_SECONDS, KEEP_SECONDS_FOR_OTHERS, MAX_PER_CLIENT, MAX_WAITING
from ..domain.problems import Problem
from ..domain.updates import QueueUpdate
from .job import Job, Work
from .waiting_times import waiting_times

LOOK_SECONDS = 5.0  # between two looks at a job that nobody follows; chosen: others do not notice such a wait


class JobQueue:
    """A fair queue: it runs `at_once` jobs of each lane at a time, and serves parties in turn.

    Each turn begins one job of each party, in the order of submission. A new party joins the current turn.
    """

    def __init__(
        self,
        max_waiting: int = MAX_WAITING,
        max_per_client: int = MAX_PER_CLIENT,
        at_once: int = 1,
        keep_seconds: float = KEEP_SECONDS,
        keep_seconds_for_others: float = KEEP_SECONDS_FOR_OTHERS,
    ) -> None:
        """Make an empty queue.

        A kept job goes on for `keep_seconds` after its last follower left, and for `keep_seconds_for_others` if others
        wait.
        """
        self._at_once = at_once
        self._max_waiting = max_waiting
        self._max_per_client = max_per_client
        self._keep_seconds = keep_seconds
        self._keep_seconds_for_others = keep_seconds_for_others
        self._waiting: list[Job] = []
        self._running: list[Job] = []
        self._turn = 0  # the turn of the job begun last
        self._lock = threading.RLock()

    @property
    def counts(self) -> tuple[int, int]:
        """The numbers of waiting and of running jobs."""
        return len(self._waiting), len(self._running)

    @property
    def is_busy(self) -> bool:
        """True if any job waits or runs, other than cancelled ones that have not stopped yet."""
        with self._lock:
            return not all(job.is_cancelled for job in (*self._waiting, *self._running))

    def submit(
        self,
        work: Work,
        client: str,
        address: str = "",
        on_finish: Callable[[Job], object] = lambda job: None,
        is_kept: bool = False,
        lane: str = "",
        seconds: float | None = None,
    ) -> Job:
        """Add a job behind the client's other jobs, and start it if its lane has room.

        `address` is the client's public address, or "" if unknown. Clients of one address share places and turns, so
        that nobody gains from several names. `on_finish` is called once, when the job has ended in any way. A job that
        `is_kept` goes on for a while after its last follower left; any other is then cancelled. `lane` and
        `seconds` are those of `Job`.

        Raises:
            BusyError: too many jobs wait, or this client has too many.
        """
        with self._lock:
            job = Job(work, client, self._remove, self._keep, address, on_finish, is_kept, lane, seconds)
            here = (*self._waiting, *self._running)
            own = self._count(client, job.party)
            if own >= self._max_per_client:
                raise BusyError(Problem("client busy", {"count": own}))
            if not self._has_room(lane) and len(self._waiting) >= self._max_waiting:
                raise BusyError(Problem("queue full", {}))
            job.turn = max([self._turn, *(each.turn + 1 for each in here if each.party == job.party)])
            self._waiting.append(job)
            self._waiting.sort(key=lambda each: each.turn)  # stable: within a turn, in the order of submission
            if started := self._take():
                threading.Thread(target=self._run, args=(started,), daemon=True, name="job").start()
            else:
                self._tell_places()
        return job

    def room(self, client: str, address: str = "") -> int:
        """Return how many jobs this client may add now."""
        with self._lock:
            own = self._max_per_client - self._count(client, address or client)
            idle = max(0, self._at_once - len(self._running))
            return max(0, min(own, self._max_waiting - len(self._waiting) + idle))

    def move(self, job: Job, places: int) -> None:
        """Move a waiting job by some places among those of its party; nothing happens at the end, or if it runs."""
        with self._lock:
            own = [each for each in self._waiting if each.party == job.party]
            if job not in own or not 0 <= (place := own.index(job) + places) < len(own):
                return
            turns = [each.turn for each in own]
            own.remove(job)
            own.insert(place, job)
            for each, turn in zip(own, turns, strict=True):
                each.turn = turn
            self._waiting.sort(key=lambda each: each.turn)
            self._tell_places()

    def _count(self, client: str, party: str) -> int:
        """Return the number of jobs of a client and its party, waiting and running."""
        return sum(client == each.client or party == each.party for each in (*self._waiting, *self._running))

    def _run(self, job: Job | None) -> None:
        while job:
            job.run()
            with self._lock:
                self._running.remove(job)
                job = self._take()

    def _take(self) -> Job | None:
        """Move the next waiting job whose lane has room to the running ones and return it; None if there is none."""
        job = next((each for each in self._waiting if self._has_room(each.lane)), None)
        if job is None:
            return None
        self._waiting.remove(job)
        self._turn = max(self._turn, job.turn)
        self._running.append(job)
        self._tell_places()
        return job

    def _has_room(self, lane: str) -> bool:
        return sum(each.lane == lane for each in self._running) < self._at_once

    def _remove(self, job: Job) -> None:
        """Remove and end a cancelled job that still waits. A running job ends by itself."""
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
                job.finish()
                self._tell_places()

    def _keep(self, job: Job) -> None:
        """Cancel a kept job that nobody follows if its time is over, else look again in time."""
        left_at = job.left_at
        if left_at is None or job.is_finished:
            return
        with self._lock:
            others_wait = any(each.party != job.party for each in self._waiting)
        keep = self._keep_seconds_for_others if others_wait else self._keep_seconds
        left = left_at + keep - time.monotonic()
        if left <= 0:
            job.cancel()
            return

        def look_again() -> None:
            if job.left_at == left_at:  # else somebody came back
                self._keep(job)

        look = threading.Timer(min(left, LOOK_SECONDS), look_again)
        look.daemon = True
        look.start()

    def _tell_places(self) -> None:
        for lane in {job.lane for job in self._waiting}:
            running = [job for job in self._running if job.lane == lane]
            waiting = [job for job in self._waiting if job.lane == lane]
            times = waiting_times(
                [job.seconds_left for job in running], [job.seconds for job in waiting], self._at_once
            )
            for ahead, (job, seconds) in enumerate(zip(waiting, times, strict=True), len(running)):
                if ahead != job.ahead:
                    job.ahead = ahead
                    job.tell(QueueUpdate(ahead, seconds))
