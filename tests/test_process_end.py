"""Sudden ends of a process: none of its children go on, and none of its files stay."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipeline.runtime.temporary_files import own_temporary_folder
from tests.waiting import wait_for

PROGRAM = """
import hashlib, os, subprocess, sys, tempfile
from pipeline.runtime import process_end
process_end.SECONDS = 0.3
try:
    with process_end.tidy_process(with_input="input" in sys.argv):
        open(os.path.join(tempfile.mkdtemp(), "picture.png"), "w").close()
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid, flush=True)
        if "busy" in sys.argv:  # in a library, where no Python runs
            hashlib.pbkdf2_hmac("sha256", b"", b"", 500_000_000)
        child.wait()
except KeyboardInterrupt:
    child.kill()
    print("interrupted", flush=True)
    if "finalizing" in sys.argv:
        import ctypes
        ctypes.PyDLL(None).sleep(30)  # while no other thread may run
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[subprocess.Popen[str], int]]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)

    def start(*arguments: str) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return process, int(process.stdout.readline())

    return start


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="asks Linux who is alive")
@pytest.mark.parametrize(
    ("arguments", "end", "status"),
    [
        ((), lambda process: process.send_signal(signal.SIGTERM), 0),
        ((), lambda process: process.send_signal(signal.SIGHUP), 0),
        (("busy",), lambda process: process.send_signal(signal.SIGTERM), 143),
        (("finalizing",), lambda process: process.send_signal(signal.SIGTERM), -signal.SIGALRM),
        (("input", "busy"), lambda process: process.stdin.close(), 1),
    ],
)
def test_the_end_comes_soon_and_leaves_neither_files_nor_children(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
    tmp_path: Path,
    arguments: tuple[str, ...],
    end: Callable[[subprocess.Popen[str]], object],
    status: int,
) -> None:
    process, child = start(*arguments)
    if "busy" in arguments:  # the library is reached when the process computes
        begun = psutil.Process(process.pid).cpu_times().user
        wait_for(lambda: psutil.Process(process.pid).cpu_times().user > begun + 0.1)
    end(process)
    assert process.wait(10) == status
    assert process.stdout.read() == ("interrupted\n" if status <= 0 else "")
    assert list(tmp_path.iterdir()) == []
    deadline = time.monotonic() + 10
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_killed_process_left_is_removed_at_the_next_start_and_nothing_else(
    start: Callable[..., tuple[subprocess.Popen[str], int]], tmp_path: Path
) -> None:
    killed, child = start()
    living, _ = start()
    (tmp_path / "sana-openvino-of-somebody").mkdir()
    lone = (
        tmp_path / f"sana-openvino-{'0' * 16}.lock"
    )  # of a process that ended between removing its folder and its lock
    lone.touch()
    os.utime(lone, (0, 0))
    killed.kill()
    killed.wait()
    os.kill(child, signal.SIGKILL)
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path))
        with own_temporary_folder():
            left = {path.name for path in tmp_path.iterdir()} & before
    living.send_signal(signal.SIGTERM)
    living.wait()
    assert len(left) == 3  # folder and lock of the living process, and somebody's folder
    assert [path.name for path in tmp_path.iterdir()] == ["sana-openvino-of-somebody"]


FORKING = """
import os, signal, time
from pipeline.runtime import process_end
process_end.SECONDS = 0.1
with process_end.tidy_process():
    child = os.fork()
    if child == 0:
        time.sleep(60)
    os.kill(child, signal.SIGTERM)
    assert os.waitpid(child, 0)[1] == signal.SIGTERM
    time.sleep(0.4)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are forked")
def test_a_signal_to_a_forked_child_is_not_the_parents() -> None:
    """OpenVINO's telemetry forks a process and terminates it."""
    assert subprocess.run([sys.executable, "-c", FORKING]).returncode == 0
