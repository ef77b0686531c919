"""A simulation of requests that wait for replicas, with simpy: what `pipeline/cluster/plan.py` is checked against."""

import random
import statistics
from collections.abc import Generator
from typing import Any

import simpy

WARM_UP = 0.1  # the share of requests at the start that do not count: the replicas were all free; chosen


def simulate(rate: float, seconds: float, replicas: int, requests: int, seed: int = 0) -> float:
    """Return the average seconds that requests wait.

    `rate` is in requests a second, which come independently of each other; each takes `seconds` on one of the replicas.
    """
    environment, chance = simpy.Environment(), random.Random(seed)
    free = simpy.Resource(environment, replicas)
    waits: list[float] = []

    def request() -> Generator[Any, None, None]:
        begun = environment.now
        with free.request() as turn:
            yield turn
            waits.append(environment.now - begun)
            yield environment.timeout(seconds)

    def arrive() -> Generator[Any, None, None]:
        for _ in range(requests):
            yield environment.timeout(chance.expovariate(rate))
            environment.process(request())

    environment.process(arrive())
    environment.run()
    return statistics.mean(waits[int(WARM_UP * requests) :])
