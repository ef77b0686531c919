"""What cannot be drawn on a cluster is refused in one line, with exit status 2, before anything waits."""

import dataclasses
import importlib.util
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app
from pipeline.cluster import connection, node_check
from pipeline.cluster.model_spec import ModelSpec
from pipeline.cluster.node_check import NodeView, compare, look
from pipeline.domain.errors import SanaError
from pipeline.runtime import malloc
from tests.descriptions import MODEL
from tests.serving import free_port

OWN = node_check.versions()
SAME = NodeView("second", OWN, [MODEL], None)


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs the program here, where it must give up, and returns its one line."""
    monkeypatch.setattr(malloc, "use_single_arena", lambda: None)  # it would be so for all tests
    for name in ("SANA_MODEL", "SANA_AUTH", "SANA_API_KEY", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> str:
        status: Any
        try:
            status = app.main(["--port", str(free_port()), *arguments])
        except SystemExit as exit:  # of a flag that makes no sense
            status = exit.code
        printed = capsys.readouterr()
        assert (status, len(printed.err.splitlines())) == (2, 1), printed.err
        return printed.err

    return run


def test_without_ray_the_command_that_brings_it_is_named(
    refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "ray" else original(name, *more)
    )
    assert "pip install -r pipeline/cluster/requirements.txt" in refusal("--cluster", "auto")


def test_an_address_without_a_cluster_is_refused(refusal: Callable[..., str]) -> None:
    address = f"127.0.0.1:{free_port()}"
    assert f"There is no Ray cluster at {address}" in refusal("--cluster", address)


@pytest.mark.parametrize("answer", ["slow", "mismatch"])
def test_what_is_no_cluster_of_this_version_is_refused(
    refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    def run(command: list[str], **options: Any) -> None:
        if answer == "slow":
            raise subprocess.TimeoutExpired(command, options["timeout"])
        raise subprocess.CalledProcessError(1, command, stderr=b"Traceback\nRuntimeError: Ray version mismatch: 1.0\n")

    monkeypatch.setattr("pipeline.cluster.connection._answers", lambda address: True)
    monkeypatch.setattr("pipeline.cluster.connection.subprocess.run", run)
    expected = "(no answer)" if answer == "slow" else "(RuntimeError: Ray version mismatch: 1.0)"
    assert expected in refusal("--cluster", "127.0.0.1:6379")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--replicas", "2"), "argument --replicas: needs --cluster"),
        (("--cluster", "auto", "--replicas", "many"), "must be a whole number from 1 on, or a range such as 1..4"),
        (("--cluster", "nowhere"), "must be auto, or a host and a port"),
    ],
)
def test_flags_that_make_no_sense_are_refused(
    refusal: Callable[..., str], flags: tuple[str, ...], expected: str
) -> None:
    assert expected in refusal(*flags)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (
            dataclasses.replace(SAME, versions={**OWN, "openvino": "2025.1"}),
            "second, .*, has openvino 2025.1, and this one",
        ),
        (dataclasses.replace(SAME, versions={**OWN, "torch": None}), "second, .*, has torch in no version"),
        (
            dataclasses.replace(SAME, error="There is no folder /models."),
            "second, .*, cannot load the model: There is no",
        ),
        (dataclasses.replace(SAME, models=[dataclasses.replace(MODEL, revision="9")]), "second, .*, has another model"),
    ],
)
def test_a_node_with_other_versions_or_another_model_is_refused(view: NodeView, expected: str) -> None:
    compare([SAME], [MODEL])
    with pytest.raises(SanaError, match=expected):
        compare([SAME, view], [MODEL])


def test_a_node_looks_for_itself() -> None:
    seen = look([ModelSpec("/no/such/folder", "CPU")])
    assert (seen.versions, seen.models) == (OWN, [])
    assert "There is no folder /no/such/folder" in str(seen.error)


def test_auto_takes_the_cluster_that_runs_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    assert connection._running_here() is None
    (tmp_path / "ray").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        (tmp_path / "ray" / "ray_current_cluster").write_text(address)
        assert connection._running_here() == address
    assert connection._running_here() is None  # it has ended and left its note
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert connection._running_here() == "10.0.0.1:6379"
