"""Ask in all ways at once for some minutes. Is anything lost or mixed up, and does anything grow?

app.py serves the miniature in a process of its own; twelve clients draw, cancel, and send nonsense. A table tells what
the process holds each minute. Exit status 1 if an answer was wrong, or if more was held at the end than is allowed.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import httpx
import psutil

from tests.benchmark.machine import describe
from tests.conftest import wait_for
from tests.served import serve_miniature

from .people import Person
from .ways import WAYS

PEOPLE = 12  # three of each kind; chosen: the queue is never empty, and never full
REST_SECONDS = 5.0  # until threads that nobody uses have ended; chosen
MOST_MEMORY = 150e6  # bytes that the process may grow by; chosen, as in tests/test_load.py
MOST_OTHERS = 10  # threads and descriptors that it may grow by; chosen: one of each is kept for some clients only

Held = tuple[int, int, int]


def held(process: psutil.Process) -> Held:
    """Return bytes of resident memory, threads, and descriptors of a process."""
    return process.memory_info().rss, process.num_threads(), process.num_fds()


def print_row(when: str, people: list[Person], now: Held) -> None:
    done = sum((person.done for person in people), Counter[str]())
    memory, threads, descriptors = now
    drawn = f"{done['draw']} | {done['cancel']} | {done['be_refused']}"
    print(f"| {when} | {drawn} | {memory / 1e6:.0f} MB | {threads} | {descriptors} |", flush=True)


def rest(url: str) -> None:
    """Wait until nothing is drawn or waits any more, and a little longer."""

    def is_idle() -> bool:
        lines = httpx.get(f"{url}metrics").text.splitlines()
        return "sana_running 0.0" in lines and "sana_queue_length 0.0" in lines

    wait_for(is_idle)
    time.sleep(REST_SECONDS)


def ask(people: list[Person], process: psutil.Process, minutes: float) -> None:
    """Let all people ask, for at least a round each; print a row a minute."""
    end, is_over = time.monotonic() + 60 * minutes, Event()

    def go_on(person: Person) -> None:
        person.ask()
        while not is_over.is_set():
            person.ask()

    with ThreadPoolExecutor(len(people)) as pool:
        asking = [pool.submit(go_on, person) for person in people]
        for minute in range(1, int(minutes) + 1):
            wait(asking, 60)
            print_row(f"minute {minute}", people, held(process))
        wait(asking, max(0.0, end - time.monotonic()))
        is_over.set()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    minutes = parser.parse_args().minutes
    machine = describe()
    print(f"{machine['cpu']}, {machine['cores']} cores, load {psutil.getloadavg()[0]:.1f} at the start\n")
    with serve_miniature() as server:
        known: dict[int, str] = {}
        people = [Person(n, WAYS[n % len(WAYS)](server.url, n), known) for n in range(PEOPLE)]
        print("| | drawn | cancelled | refused | memory | threads | descriptors |\n|---|---|---|---|---|---|---|")
        ask(people, server.process, 0)  # fills what is kept for good: threads, connections, caches
        rest(server.url)
        before = held(server.process)
        print_row("before", people, before)
        ask(people, server.process, minutes)
        rest(server.url)
        after = held(server.process)
        print_row("after", people, after)
    complaints = [complaint for person in people for complaint in person.complaints]
    print(f"\n{len(known)} pictures, {len(complaints)} wrong answers", *complaints[:20], sep="\n- ")
    has_grown = any(
        end - start > most for start, end, most in zip(before, after, (MOST_MEMORY, *2 * [MOST_OTHERS]), strict=True)
    )
    return int(bool(complaints) or has_grown)


if __name__ == "__main__":
    sys.exit(main())
