"""The limits of this process's control groups (cgroups) and of the groups around them.

systemd, Docker and Kubernetes limit memory and CPU time by control groups. Both versions are read (see cgroups(7)):
version 1 has a hierarchy of groups for each controller, version 2 has a single one. A system without control groups has
no limits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

_ROOT = Path("/")
_UNLIMITED = 2**62  # bytes; without a limit, version 1 reports 2**63 - 1 rounded down to whole pages


@dataclass(frozen=True)
class MemoryLimit:
    """The bytes that a group may hold, and the bytes that it holds and the kernel cannot drop."""

    limit: int
    used: int


def memory_limits() -> list[MemoryLimit]:
    """Return the memory limit of each group that has one, from this process's own group outwards."""
    read = {1: _read_memory_1, 2: _read_memory_2}
    limits = (read[version](group) for version, group in _groups(_ROOT, "memory"))
    return [limit for limit in limits if limit]


def cpu_quotas() -> list[float]:
    """Return the CPU time of each limited group in processors, from this process's own group outwards."""
    quotas = (_read_quota(version, group) for version, group in _groups(_ROOT, "cpu"))
    return [quota for quota in quotas if quota]


def _read_memory_2(group: Path) -> MemoryLimit | None:
    # A group over memory.high (systemd's MemoryHigh) is not killed, but slowed down so much that it hardly moves.
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
    return None  # there is no limit: no such file, or "max", or -1


def _sum_stat(group: Path, *names: str) -> int:
    """Return the sum of the named entries of memory.stat, in bytes."""
    lines = (line.partition(" ") for line in _read(group / "memory.stat").splitlines())
    return sum(int(value) for name, _, value in lines if name in names and value.isdigit())


@cache
def _groups(root: Path, controller: str) -> tuple[tuple[int, Path], ...]:
    """Return version and folder of this process's groups, each followed by the visible groups around it."""
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
    """Yield pairs of controller and group of this process. The controller of version 2 is ""."""
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, _, names = line.partition(":")
        controllers, _, group = names.partition(":")
        for controller in controllers.split(","):
            yield controller, group


def _outwards(group: str, shown: str, root: Path, place: str) -> Iterator[Path]:
    """Yield a group's folder and the folders around it, up to the mount at `place`, whose root is the group `shown`."""
    own, shown, mount = PurePosixPath(group), _unescape(shown), root / _unescape(place).lstrip("/")
    # A container may see a name of its group that is only valid on the host. Its group is then the mount itself.
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
