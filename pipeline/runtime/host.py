"""The memory and processors that this program can have, on the machine and within the limits of a container."""

import math
import os

import psutil

from .cgroup import cpu_quotas, memory_limits


def free_memory() -> int:
    """Return the bytes that can be allocated now without swapping. Page cache that the kernel can drop is included."""
    available: int = psutil.virtual_memory().available
    return min([available, *(max(0, each.limit - each.used) for each in memory_limits())])


def total_memory() -> int:
    """Return the bytes that this process could have if no other process held any."""
    total: int = psutil.virtual_memory().total
    return min([total, *(each.limit for each in memory_limits())])


def cpu_quota() -> int | None:
    """Return the CPU time of a container in processors, rounded up; None if it is not limited.

    OpenVINO does not know of it, and starts a thread for each core of the host. Then most threads are stopped at any
    time, and the others wait for them.
    """
    quotas = cpu_quotas()
    return max(1, math.ceil(min(quotas))) if quotas else None


def visible_processors() -> int:
    """Return how many threads the processors run at once that this process may use, whatever a container's quota."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
