"""How many threads and how much memory a replica gets, from what nodes have and what its model takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.errors import SanaError

# Bytes of a replica's process without a model, and its bytes for each byte of the model's files. Measured, in
# tests/benchmark/README.md: 9.6 GB for 3.4 GB of files at 1024x1024.
LIBRARIES = 1.0e9
SHARE = 2.8
GIGABYTE = 1e9


@dataclass(frozen=True)
class Room:
    """What is free on a node: CPUs, and bytes of memory."""

    cpus: float
    memory: float


def replica_memory(size: int) -> int:
    """Return the bytes that a replica takes, from those of its model's files."""
    return int(LIBRARIES + SHARE * size)


def replica_threads(rooms: Sequence[Room], replicas: int, memory: int) -> int:
    """Return the most threads that each of `replicas` of a size can have, one CPU each.

    Raises:
        SanaError: the nodes do not hold so many.
    """
    for threads in range(int(max((room.cpus for room in rooms), default=0)), 0, -1):
        if _held(rooms, threads, memory) >= replicas:
            return threads
    raise _too_small(rooms, replicas, 1, memory)


def check_room(rooms: Sequence[Room], replicas: int, threads: int, memory: int) -> None:
    """Raise SanaError if the nodes do not hold so many replicas of a size."""
    if _held(rooms, threads, memory) < replicas:
        raise _too_small(rooms, replicas, threads, memory)


def _held(rooms: Sequence[Room], threads: int, memory: int) -> int:
    return sum(int(min(room.cpus // threads, room.memory // memory)) for room in rooms)


def _too_small(rooms: Sequence[Room], replicas: int, threads: int, memory: int) -> SanaError:
    cpus, free = sum(room.cpus for room in rooms), sum(room.memory for room in rooms)
    return SanaError(
        f"The cluster is too small: {replicas} replicas need {replicas * threads} CPUs and {replicas} x "
        f"{memory / GIGABYTE:.1f} GB of memory, free are {cpus:.0f} CPUs and {free / GIGABYTE:.1f} GB on {len(rooms)} "
        "nodes; ask for fewer with --replicas."
    )
