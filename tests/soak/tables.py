"""What a soak tells: what the server holds, and what came of the requests."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.served import Server

from .people import Person

SAVED = "saved"  # the folder of --save
KINDS = ("draw", "cancel", "be_refused", "interrupted")
MOST_GROWTH = 0.03  # of memory, by which it may grow after the first pictures
MOST_OTHERS = 10  # threads and descriptors that it may grow by; chosen: one of each is kept for some clients only
HELD_HEAD = """
| | drawn | cancelled | refused | interrupted | memory | threads | descriptors | files |
|---|---|---|---|---|---|---|---|---|"""
PEOPLE_HEAD = """
| way | drawn | cancelled | refused | interrupted | wrong or lost | longest wait |
|---|---|---|---|---|---|---|"""


class Held(NamedTuple):
    """What a server holds: bytes of resident memory, threads, descriptors, and temporary files."""

    memory: int
    threads: int
    descriptors: int
    files: int

    @classmethod
    def by(cls, server: Server, disk: Path) -> "Held":
        process = server.process
        return cls(process.memory_info().rss, process.num_threads(), process.num_fds(), len(temporary_files(disk)))

    def row(self, when: str, people: list[Person]) -> str:
        done = sum_of(person.done for person in people)
        counts = " | ".join(str(done[kind]) for kind in KINDS)
        return (
            f"| {when} | {counts} | {self.memory / 1e6:.0f} MB | {self.threads} | {self.descriptors} | {self.files} |"
        )


def temporary_files(disk: Path) -> list[Path]:
    """Return the files of a disk that are no saved pictures."""
    return [path for path in disk.rglob("*") if path.is_file() and SAVED not in path.parts]


def growth(before: Held, after: Held) -> list[str]:
    """Return what has grown by more than it may. Files are pictures that visitors can still fetch, for an hour."""
    limits = (int(before.memory * (1 + MOST_GROWTH)), before.threads + MOST_OTHERS, before.descriptors + MOST_OTHERS)
    return [
        f"{name} grew from {start} to {end}"
        for name, start, end, limit in zip(Held._fields, before, after, limits, strict=False)
        if end > limit
    ]


def print_people(people: list[Person]) -> None:
    print(PEOPLE_HEAD)
    for name in sorted({person.name for person in people}):
        own = [person for person in people if person.name == name]
        done = sum_of(person.done for person in own)
        counts = " | ".join(str(done[kind]) for kind in KINDS)
        wrong, longest = sum(len(each.complaints) for each in own), max(each.longest for each in own)
        print(f"| {name} | {counts} | {wrong} | {longest:.0f} s |")


def sum_of(counts: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counts, Counter[str]())
