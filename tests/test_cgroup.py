"""Memory and processors that a machine lends: bare metal, systemd, Docker, Kubernetes, with made-up /proc and /sys."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.runtime import cgroup, host

GB = 10**9
UNLIMITED_1 = 9223372036854771712  # what version 1 has for no limit
MOUNT_2 = "29 22 0:26 {root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
MOUNTS_1 = """\
31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw,relatime master:11 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 {root} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes a machine with 16 GB, 12 GB of them available, and writes what /proc and /sys have; a file by its path."""
    memory = SimpleNamespace(total=16 * GB, available=12 * GB)
    monkeypatch.setattr(host.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(cgroup, "_ROOT", tmp_path)

    def make(groups: str, mounts: str, **files: object) -> None:
        for name, content in {"/proc/self/cgroup": groups, "/proc/self/mountinfo": mounts, **files}.items():
            path = tmp_path / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")

    return make


def group_2(folder: str, limit: object, current: object, **stat: int) -> dict[str, object]:
    """Files of a group in version 2."""
    lines = "\n".join(f"{name} {value}" for name, value in stat.items())
    return {f"{folder}/memory.max": limit, f"{folder}/memory.current": current, f"{folder}/memory.stat": lines}


def group_1(folder: str, limit: object, usage: object, **stat: int) -> dict[str, object]:
    """Files of a group in version 1."""
    lines = "\n".join(f"{name} {value}" for name, value in stat.items())
    names = ("limit_in_bytes", "usage_in_bytes", "stat")
    return {f"{folder}/memory.{name}": value for name, value in zip(names, (limit, usage, lines), strict=True)}


def memory() -> tuple[float, float]:
    return host.total_memory() / GB, host.free_memory() / GB


def test_a_machine_without_control_groups(machine: Callable[..., None]) -> None:
    assert memory() == (16, 12)  # macOS and Windows
    assert host.cpu_quota() is None


def test_bare_metal(machine: Callable[..., None]) -> None:
    folder = "/sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope"
    files = {f"{folder}/cpu.max": "max 100000"}
    machine(
        "0::/user.slice/user-1000.slice/session-1.scope",
        MOUNT_2.format(root="/"),
        **group_2(folder, "max", 15 * GB, active_file=9 * GB),
        **files,
    )
    assert memory() == (16, 12)
    assert host.cpu_quota() is None


def test_page_cache_is_free(machine: Callable[..., None]) -> None:
    files = group_2("/sys/fs/cgroup", 12 * GB, 9 * GB, anon=GB, active_file=3 * GB, inactive_file=5 * GB)
    machine("0::/", MOUNT_2.format(root="/"), **files, **{"/sys/fs/cgroup/cpu.max": "150000 100000"})
    assert memory() == (12, 11)
    assert host.cpu_quota() == 2


def test_the_narrowest_of_nested_groups_counts(machine: Callable[..., None]) -> None:
    """A unit of systemd in a slice: the slice has less left, since another unit is in it."""
    unit = "/sys/fs/cgroup/draw.slice/draw-sana\\x2d1.slice/sana.service"
    files = {
        **group_2(unit, 10 * GB, 1 * GB),
        **group_2("/sys/fs/cgroup/draw.slice/draw-sana\\x2d1.slice", "max", 2 * GB),
        **group_2("/sys/fs/cgroup/draw.slice", 8 * GB, 6 * GB, inactive_file=1 * GB, slab_reclaimable=GB // 2),
        f"{unit}/cpu.max": "400000 100000",
        "/sys/fs/cgroup/draw.slice/cpu.max": "250000 100000",
    }
    machine("0::/draw.slice/draw-sana\\x2d1.slice/sana.service", MOUNT_2.format(root="/"), **files)
    assert memory() == (8, 3.5)
    assert host.cpu_quota() == 3


def test_what_slows_a_unit_down_is_a_limit_too(machine: Callable[..., None]) -> None:
    folder = "/sys/fs/cgroup/system.slice/sana.service"
    files = {**group_2(folder, 8 * GB, GB), f"{folder}/memory.high": 4 * GB}
    machine("0::/system.slice/sana.service", MOUNT_2.format(root="/"), **files)
    assert memory() == (4, 3)


@pytest.mark.parametrize(
    ("group", "root"),
    [
        ("/", "/docker/c0ffee"),  # a name within a namespace, and one without
        ("/docker/c0ffee", "/docker/c0ffee"),
        ("/kubepods/burstable/pod1/c0ffee", "/"),  # a name that only the host can use
        ("/../../other", "/"),
    ],
)
def test_version_1_in_a_container(machine: Callable[..., None], group: str, root: str) -> None:
    files = {
        **group_1("/sys/fs/cgroup/memory", 6 * GB, 5 * GB, total_inactive_file=3 * GB, total_active_file=1 * GB),
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": 50000,
        "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": 100000,
    }
    machine(f"9:memory:{group}\n2:cpu,cpuacct:{group}\n0::/", MOUNTS_1.format(root=root), **files)
    assert memory() == (6, 5)
    assert host.cpu_quota() == 1


def test_version_1_on_a_host_with_nested_groups(machine: Callable[..., None]) -> None:
    own = "/sys/fs/cgroup/memory/system.slice/sana.service"
    cpu = "/sys/fs/cgroup/cpu,cpuacct/system.slice"
    files = {
        **group_1(own, UNLIMITED_1, GB),
        **group_1("/sys/fs/cgroup/memory/system.slice", 4 * GB, 2 * GB),
        **group_1("/sys/fs/cgroup/memory", UNLIMITED_1, 14 * GB),
        f"{cpu}/sana.service/cpu.cfs_quota_us": -1,
        f"{cpu}/sana.service/cpu.cfs_period_us": 100000,
        f"{cpu}/cpu.cfs_quota_us": 300000,
        f"{cpu}/cpu.cfs_period_us": 100000,
    }
    groups = "4:memory:/system.slice/sana.service\n1:cpuacct,cpu:/system.slice/sana.service\n0::/"
    machine(groups, MOUNTS_1.format(root="/"), **files)
    assert memory() == (4, 2)
    assert host.cpu_quota() == 3


@pytest.mark.parametrize(
    ("content", "processors"),
    [("150000 100000", 2), ("200000 100000", 2), ("50000 100000", 1), ("max 100000", None), ("", None), ("1 0", None)],
)
def test_the_cpu_time_of_a_container(machine: Callable[..., None], content: str, processors: int | None) -> None:
    machine("0::/", MOUNT_2.format(root="/"), **{"/sys/fs/cgroup/cpu.max": content})
    assert host.cpu_quota() == processors


def test_what_makes_no_sense_is_no_limit(machine: Callable[..., None]) -> None:
    files = {**group_2("/sys/fs/cgroup", "much", ""), "/sys/fs/cgroup/cpu.max": "much 1"}
    machine("0::/\n\nnonsense", f"{MOUNT_2.format(root='/')}\n\nnonsense - cgroup", **files)
    assert memory() == (16, 12)
    assert host.cpu_quota() is None


def test_a_group_over_its_limit_has_nothing_free(machine: Callable[..., None]) -> None:
    machine("0::/", MOUNT_2.format(root="/"), **group_2("/sys/fs/cgroup", GB, 2 * GB))
    assert memory() == (1, 0)
