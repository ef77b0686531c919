"""Limits of the control groups (cgroups) that this process is in, and of the groups around them.

systemd, Docker and Kubernetes divide a machine so. Both versions are read (cgroups(7)): in version 1 each controller
has a hierarchy of its own, in version 2 there is one of them. Systems without control groups have no such limits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

_ROOT = Path("/")
_UNLIMITED = 2**62  # bytes; version 1 has the largest number of pages where there is no limit


@dataclass(frozen=True)
class MemoryLimit:
    """Bytes that a group may hold, and that it holds beyond what the kernel can drop."""

    limit: int
    used: int


def memory_limits() -> list[MemoryLimit]:
    """Return the limit of each group, from this process's own outwards."""
    read = {1: _read_memory_1, 2: _read_memory_2}
    limits = (read[version](group) for version, group in _groups(_ROOT, "memory"))
    return [limit for limit in limits if limit]


def cpu_quotas() -> list[float]:
    """Return the processors that the CPU time of each group amounts to, from this process's own outwards."""
    quotas = (_read_quota(version, group) for version, group in _groups(_ROOT, "cpu"))
    return [quota for quota in quotas if quota]


def _read_memory_2(group: Path) -> MemoryLimit | None:
    # over memory.high, which is systemd's MemoryHigh, a group goes on, but is slowed down until it hardly moves
    limits = [limit for name in ("memory.max", "memory.high") if (limit := _read_int(group / name)) is not None]
    used = _read_int(group / "memory.current") if limits else None
    if used is None:
        return None
    droppable = _sum_stat(group, "active_file", "inactive_file", "slab_reclaimable")
    return MemoryLimit(min(limits), max(0, used - droppable))


def _read_memory_1(group: Path) -> MemoryLimit | None:
    limit = _read_int(group / "memory.limit_in_bytes")
    used = _read_int(group / "memory.usage_in_bytes")
    if limit is None or limit >= _UNLIMITED or used is None:
        return None
    return MemoryLimit(limit, max(0, used - _sum_stat(group, "total_active_file", "total_inactive_file")))


def _read_quota(version: int, group: Path) -> float | None:
    files = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if version == 1 else ("cpu.max",)
    match [number for name in files for number in _read(group / name).split()]:
        case [quota, period] if quota.isdigit() and period.isdigit() and int(period):
            return int(quota) / int(period)
    return None  # no such file, or "max", or -1: no limit


def _sum_stat(group: Path, *names: str) -> int:
    """Return the sum of some bytes in memory.stat; page cache is there by how lately it was read."""
    lines = (line.partition(" ") for line in _read(group / "memory.stat").splitlines())
    return sum(int(value) for name, _, value in lines if name in names and value.isdigit())


@cache
def _groups(root: Path, controller: str) -> tuple[tuple[int, Path], ...]:
    """Return version and folder of this process's groups, each followed by those around it that are to be seen."""
    own = dict(_read_own_groups(root))
    found: list[tuple[int, Path]] = []
    for line in _read(root / "proc" / "self" / "mountinfo").splitlines():
        mount, _, file_system = line.partition(" - ")
        match [*mount.split()[3:5], *file_system.split()]:
            case [shown, place, "cgroup2", *_] if "" in own:
                found += ((2, group) for group in _outwards(own[""], shown, root, place))
            case [shown, place, "cgroup", _, options, *_] if controller in options.split(",") and controller in own:
                found += ((1, group) for group in _outwards(own[controller], shown, root, place))
    return tuple(found)


def _read_own_groups(root: Path) -> Iterator[tuple[str, str]]:
    """Yield this process's group for each controller of version 1, and for "" that of version 2."""
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, _, names = line.partition(":")
        controllers, _, group = names.partition(":")
        for controller in controllers.split(","):
            yield controller, group


def _outwards(group: str, shown: str, root: Path, place: str) -> Iterator[Path]:
    """Yield a group's folder, and those around it, below the mount at `place` that shows the group `shown`."""
    own, shown, mount = PurePosixPath(group), _unescape(shown), root / _unescape(place).lstrip("/")
    # A container may be told a name that only the host can use: then it sees its own group where the mount is.
    parts = own.relative_to(shown).parts if own.is_relative_to(shown) and ".." not in own.parts else ()
    for count in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:count])


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _read_int(path: Path) -> int | None:
    text = _read(path).strip()
    return int(text) if text.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""
