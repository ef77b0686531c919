"""Ask a cluster in all ways at once while its replicas are killed: `python -m tests.cluster_soak`.

Two Ray nodes of one CPU each run here, and app.py draws on them. Every ten seconds in which three answers came, one
replica is killed with SIGKILL; at half of the requests, a node is taken away. At the end the bytes of all pictures are
compared with what one process draws from their records. Exit status 1 if an answer was wrong or lost, or if anything is
left running.
"""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event, Lock
from typing import Any

import psutil

from tests.benchmark.machine import describe
from tests.served import serve_miniature
from tests.soak.people import ROUND, Person
from tests.soak.redrawing import differing
from tests.soak.ways import WAYS
from tests.waiting import wait_for

KILL_SECONDS = 10.0
MOST_ANSWERS = 3  # fewer since the last kill: nothing would ever be finished
STORE = 80 << 20  # bytes of each node's object store, near Ray's least


class Killer:
    """Kills the replica that has computed most since the last kill, and takes a node away once."""

    def __init__(self, cluster: Any, node: Any, people: list[Person], requests: int) -> None:
        self.kills = 0
        self._cluster, self._node = cluster, node
        self._people, self._half = people, requests // 2

    def run(self, is_over: Event) -> None:
        before = 0
        while not is_over.wait(KILL_SECONDS):
            done = answers(self._people)
            if self._node and done >= self._half:
                self._cluster.remove_node(self._node, allow_graceful=False)
                self._node = None
                print(f"{done} answers: a node is taken away", flush=True)
            elif done >= before + MOST_ANSWERS and (running := replicas()):
                before = done
                with suppress(psutil.Error):
                    max(running, key=lambda each: sum(each.cpu_times()[:2])).kill()
                    self.kills += 1


def answers(people: list[Person]) -> int:
    return sum(person.done.total() for person in people)


def replicas() -> list[psutil.Process]:
    """Return the processes of replicas on this machine."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::ServeReplica"):
                found.append(process)
    return found


def ask(people: list[Person], requests: int) -> None:
    """Let all people ask until there were so many requests."""
    lock, begun = Lock(), Counter[str]()

    def go_on(person: Person) -> None:
        while True:
            with lock:
                if begun["requests"] >= requests:
                    return
                begun["requests"] += len(ROUND)
            person.ask()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(go_on, people))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster_soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--people", type=int, default=50)
    options = parser.parse_args()
    os.environ |= {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}  # on this machine, for minutes
    from ray.cluster_utils import Cluster

    machine = describe()
    print(f"{machine['cpu']}, {machine['cores']} cores, load {psutil.getloadavg()[0]:.1f} at the start", flush=True)
    size = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=size)
    node, is_over = cluster.add_node(num_cpus=1, object_store_memory=STORE), Event()
    try:
        flags = ("--cluster", cluster.address, "--replicas", "2")
        with serve_miniature(*flags) as server, ThreadPoolExecutor(1) as pool:
            known: dict[int, bytes] = {}
            people = [Person(n, partial(WAYS[n % len(WAYS)], server.url, n), known) for n in range(options.people)]
            killer = Killer(cluster, node, people, options.requests)
            killing, begun = pool.submit(killer.run, is_over), time.monotonic()
            ask(people, options.requests)
            seconds = time.monotonic() - begun
            is_over.set()
            killing.result()
        wait_for(lambda: not replicas())
    finally:
        is_over.set()
        cluster.shutdown()
    complaints = [complaint for person in people for complaint in person.complaints]
    wrong = differing(known)
    done = sum((person.done for person in people), Counter[str]())
    print(f"{done.total()} requests of {len(people)} people in {seconds:.0f} s: {dict(done)}")
    print(
        f"{killer.kills} replicas were killed. {len(known)} different pictures, {len(wrong)} other than in one process"
    )
    print(f"{len(complaints)} wrong or lost answers", *complaints[:20], sep="\n- ")
    return int(bool(complaints or wrong))


if __name__ == "__main__":
    sys.exit(main())
