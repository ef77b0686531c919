"""How long waiting jobs wait, from the seconds that each job takes."""

import heapq
import math
from collections.abc import Sequence


def waiting_times(running: Sequence[float | None], waiting: Sequence[float | None], at_once: int) -> list[float | None]:
    """Return the seconds until each waiting job begins, if they begin in their order; None where that is unknown.

    `running` holds the seconds that running jobs still take, `waiting` those of waiting jobs, both None where unknown.
    `at_once` jobs run at a time.
    """
    ends = [math.inf if seconds is None else seconds for seconds in running]
    free = sorted([*ends, *[0.0] * (at_once - len(ends))])[-at_once:]
    begins = []
    for seconds in waiting:
        begins.append(heapq.heappop(free))
        heapq.heappush(free, begins[-1] + (math.inf if seconds is None else seconds))
    return [None if math.isinf(begin) else begin for begin in begins]
