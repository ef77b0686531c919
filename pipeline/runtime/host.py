"""What this machine lets the program have: memory and processors, also inside of a container."""

import math

import psutil

from .cgroup import cpu_quotas, memory_limits


def free_memory() -> int:
    """Return the bytes that can be had without swapping now; page cache that the kernel can drop is among them."""
    return min([psutil.virtual_memory().available, *(max(0, each.limit - each.used) for each in memory_limits())])


def total_memory() -> int:
    """Return the bytes that this process could have if nothing else held any."""
    return min([psutil.virtual_memory().total, *(each.limit for each in memory_limits())])


def cpu_quota() -> int | None:
    """Return how many processors a container's CPU time amounts to, rounded up; None where it is not limited.

    OpenVINO starts a thread for each core that it sees, and it sees the host's. With a quota most of these threads are
    stopped at any time, while the others wait for them.
    """
    quotas = cpu_quotas()
    return max(1, math.ceil(min(quotas))) if quotas else None
