"""How much memory is free, also inside of a container that may use only a part of the machine's."""

from pathlib import Path

import psutil

_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def free_memory() -> int:
    """Bytes that can be had without swapping."""
    free = psutil.virtual_memory().available
    try:
        return min(free, max(0, int(_LIMIT.read_text()) - int(_USED.read_text())))
    except (OSError, ValueError):  # no such container, or "max": no limit
        return free
