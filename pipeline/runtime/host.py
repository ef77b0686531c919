"""What this machine lets the program have: memory, processors and a cache folder, also inside of a container."""

import math
import os
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Return the bytes that can be had without swapping."""
    free = psutil.virtual_memory().available
    try:
        limit, used = (int((_CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        return min(free, max(0, limit - used))
    except (OSError, ValueError):  # no such container, or "max": no limit
        return free


def cache_folder() -> Path:
    """Return the folder for what this program can make again, of this user; it may not exist."""
    if os.name == "nt":
        parent = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        parent = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(parent) / "sana-openvino"


def cpu_quota() -> int | None:
    """Return how many processors a container's CPU time amounts to, rounded up; None where it is not limited.

    OpenVINO starts a thread for each core that it sees, and it sees the host's. With a quota most of these threads are
    stopped at any time, while the others wait for them.
    """
    try:
        quota, period = (int(number) for number in (_CGROUP / "cpu.max").read_text().split())
    except (OSError, ValueError):  # no such container, or "max": no limit
        return None
    return max(1, math.ceil(quota / period))
