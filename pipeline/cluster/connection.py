"""The connection to a Ray cluster: one at an address, the one that runs here, or one of this program's own."""

import atexit
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from ..domain.errors import SanaError
from .cluster_flags import AUTO
from .ray_import import check_ray, import_ray, short

NAMESPACE = "sana"
PROBE_SECONDS = 3.0  # for a machine to answer at all; chosen
HEALTH_SECONDS = 15.0  # for a cluster to say that it is well; chosen: with the rest, a refusal comes within 30 s
OBJECT_STORE = 128 << 20  # bytes for messages between processes; chosen: dozens of pictures of 1024x1024
END_SECONDS = 1.4  # chosen: two such waits are less than SECONDS of runtime/process_end.py
MOST_FOLDER = 40  # characters of a folder for Ray's sockets, whose paths are at most 64 longer, and 107 at most
PACKAGE = Path(__file__).parents[1]


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield Ray, connected to the cluster at an address from `cluster_flags`.

    A cluster of this program's own ends with the context, as do all of its processes.

    Raises:
        SanaError: Ray is not installed, or there is no cluster that lets this program in.
    """
    check_ray()
    found = _running_here() if address == AUTO else address
    if found:
        _check(found)
    else:
        _prepare_own()
    ray = import_ray()
    handler = signal.getsignal(signal.SIGTERM)
    others, own = set(psutil.Process().children()), []
    try:
        try:
            _connect(ray, found)
        finally:
            if not found:
                own = [each for each in psutil.Process().children() if each not in others]
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray has put its own in its place
        yield ray
    finally:
        _leave(ray, own)


def _connect(ray: Any, address: str | None) -> None:
    """Connect to a cluster, or start one on this machine if there is no address; raise SanaError."""
    common = {"namespace": NAMESPACE, "logging_level": "error", "log_to_driver": False}
    try:
        if address:
            # the nodes may have other versions of this program, or none
            ray.init(address=address, runtime_env={"py_modules": [str(PACKAGE)]}, **common)
            return
        folder = str(Path(tempfile.gettempdir()) / "ray")
        ray.init(
            address="local",
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            runtime_env={"env_vars": {"PYTHONPATH": str(PACKAGE.parent)}},
            _temp_dir=folder if len(folder) <= MOST_FOLDER else None,
            **common,
        )
    except Exception as error:
        place = f"The Ray cluster at {address} cannot be used" if address else "A Ray cluster cannot be started here"
        raise SanaError(f"{place}: {short(error)}") from error


def _prepare_own() -> None:
    """Set what Ray's processes read in a cluster of this program's own.

    It listens to the network, so Ray lets in only who has a secret token, unless RAY_AUTH_MODE says otherwise.
    """
    if "RAY_AUTH_TOKEN_PATH" not in os.environ:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's workers would give way to any other process
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "60")  # on a busy machine the default is too short


def _running_here() -> str | None:
    """Return the address of the cluster that runs on this machine, None if there is none."""
    named = os.environ.get("RAY_ADDRESS")
    if named and named not in (AUTO, "local"):
        return named
    folder = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"
    try:
        noted = Path(folder, "ray", "ray_current_cluster").read_text().strip()  # by the latest `ray start`
    except OSError:
        return None
    return noted if noted and _answers(noted) else None


def _check(address: str) -> None:
    """Raise SanaError if no cluster at an address says that it is well: connecting would try for minutes."""
    if not _answers(address):
        raise SanaError(f"There is no Ray cluster at {address}: start one with ray start --head, or name another.")
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        subprocess.run(command, capture_output=True, timeout=HEALTH_SECONDS, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        lines = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        reason = short(lines[-1]) if lines else "no answer"
        raise SanaError(
            f"What answers at {address} is no Ray cluster that this program can use: the port is that of ray start "
            f"--head, and RAY_AUTH_TOKEN holds its token, if it has one ({reason})."
        ) from error


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), PROBE_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def in_time(work: Callable[[], object]) -> None:
    """Do what may never end, such as a call to a cluster that is lost, and wait at most END_SECONDS for its end."""
    thread = threading.Thread(target=work, daemon=True, name="leave")
    thread.start()
    thread.join(END_SECONDS)


def _leave(ray: Any, own: list[psutil.Process]) -> None:
    """Disconnect. End all processes of an own cluster, even if it does not answer any more.

    Ctrl-C reaches these processes before.
    """
    descendants = [each for process in own for each in _with_descendants(process)]
    atexit.unregister(ray.shutdown)  # it would be called once more, and wait
    in_time(ray.shutdown)
    for process in descendants:
        with suppress(psutil.Error):  # it has ended by itself
            process.kill()


def _with_descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
