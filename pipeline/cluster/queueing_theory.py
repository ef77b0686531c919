"""How long requests wait for replicas, on average: queueing theory's M/D/c, in the approximation of Allen and Cunneen.

Requests come independently of each other (Poisson), and each takes the same time. See https://en.wikipedia.org/wiki/M/M/c_queue
for Erlang's formula; that all requests take the same time halves its waiting time.
"""

import math

REGULAR = 0.5  # the factor of Allen and Cunneen, (1 + 0) / 2: arrivals are random, the seconds of a picture are not


def waiting_seconds(rate: float, seconds: float, replicas: int) -> float:
    """Return the average seconds before a request begins; infinite if the replicas cannot keep up.

    `rate` is in requests a second, `seconds` are those of a request on a replica.
    """
    load = rate * seconds
    if load >= replicas:
        return math.inf
    return REGULAR * _share_that_waits(load, replicas) * seconds / (replicas - load)


def replicas_for(rate: float, seconds: float, wait: float) -> int:
    """Return the fewest replicas at which requests wait at most `wait` seconds on average."""
    replicas = math.floor(rate * seconds) + 1
    while waiting_seconds(rate, seconds, replicas) > wait:
        replicas += 1
    return replicas


def _share_that_waits(load: float, replicas: int) -> float:
    """Return Erlang's C: the share of requests that find all replicas busy."""
    blocked = 1.0  # Erlang's B, for 0 replicas
    for count in range(1, replicas + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1 - load / replicas * (1 - blocked))
