"""Updating a running program to another model: the menu, the replicas (fakes here), the line from the command."""

import dataclasses
import json
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.cluster import update
from pipeline.cluster.deployment import ServeStream, _problem
from pipeline.cluster.model_spec import DescribedModel, ModelSpec
from pipeline.cluster.rolling_update import RollingUpdate
from pipeline.cluster.sizing import Room, check_room
from pipeline.cluster.update_line import LOOPBACK, RunningApp, ask, listening, running_apps
from pipeline.domain.errors import SanaError, SettingsError
from pipeline.domain.families import SPRINT
from pipeline.domain.model import ModelDescription
from pipeline.jobs.models import Models
from pipeline.runtime import folders
from tests.descriptions import MODEL, Source
from tests.waiting import wait_for

OTHER = dataclasses.replace(MODEL, source="owner/other", compression="int8", revision="9")
OLD, NEW = MODEL.name, OTHER.name


class FakeCluster:
    """A cluster on which two replicas go and come, or do not start."""

    def __init__(self, successor: ModelDescription = OTHER, error: str | None = None) -> None:
        self._successor, self._error = successor, error
        self.places: list[int] = []

    def successor(self, place: int, name: str) -> DescribedModel:
        self.places.append(place)
        return DescribedModel(ModelSpec(name, "CPU"), self._successor, 10**9)

    def change(self, place: int, new: DescribedModel) -> Iterator[int]:
        yield from (0, 0, 1)
        if self._error:
            raise SanaError(self._error)

    def source(self, place: int, model: ModelDescription) -> Source:
        return Source(model)


def served(*models: ModelDescription) -> Models:
    menu = Models([Source(model) for model in models], have_own_machines=True)
    menu.start(lambda progress: None)
    return menu


def test_the_menu_names_the_new_model_and_the_old_name_finds_it() -> None:
    third = dataclasses.replace(MODEL, source="owner/third")
    models, cluster = served(MODEL, third), FakeCluster()
    lane = models.lane(OLD)
    told = list(RollingUpdate(cluster, models).run("DIR", OLD))
    assert told == [
        f"{OLD} goes, replica by replica; 0 draw with {NEW}",
        f"{OLD} goes, replica by replica; 1 draw with {NEW}",
        f"{NEW} draws. Start app.py with this model the next time.",
    ]
    assert cluster.places == [0]
    assert models.names == [NEW, third.name]
    assert models.find(OLD) == models.find(None) == models.find("owner/other") == NEW
    assert models.lane(NEW) == models.lane(OLD) == lane  # those that wait keep their places
    assert models.describe(OLD) == OTHER
    assert models.loaded(NEW)
    with pytest.raises(SettingsError):
        models.find("owner/model")  # what pictures record is another model


def test_a_model_that_comes_back_has_its_name_again() -> None:
    models = served(MODEL)
    models.replace(OLD, Source(OTHER))
    models.replace(OLD, Source(MODEL))  # a former name finds its place
    assert models.names == [OLD]
    assert models.find(NEW) == models.find(OLD) == OLD
    assert models.replace(OLD, Source(dataclasses.replace(MODEL, revision="9"))) == OLD  # a new export
    assert models.describe(OLD).revision == "9"


def test_the_same_model_twice_is_numbered() -> None:
    models = served(MODEL, OTHER)
    assert models.replace(OLD, Source(OTHER)) == f"{NEW} 2"
    assert models.names == [f"{NEW} 2", NEW]


@pytest.mark.parametrize(
    "changes",
    [
        {"family": SPRINT},
        {"max_size": 512},
        {"defaults": {**MODEL.defaults, "num_inference_steps": 2}},
        {"has_vae_encoder": True},
        {"source": "sana-miniature"},  # the page has samples and chips for it
    ],
)
def test_a_model_that_takes_other_settings_is_refused(changes: dict[str, Any]) -> None:
    models = served(MODEL)
    told = RollingUpdate(FakeCluster(dataclasses.replace(OTHER, **changes)), models).run("DIR", None)
    with pytest.raises(SanaError, match="takes other settings than"):
        next(told)
    assert models.names == [OLD]


def test_what_cannot_be_updated_leaves_the_old_model() -> None:
    models = served(MODEL, OTHER)
    for replaced, expected in ((None, "several models: name one with --replaces, of .*"), ("x", "There is no model")):
        with pytest.raises(SanaError, match=expected):
            list(RollingUpdate(FakeCluster(), models).run("DIR", replaced))
    broken = RollingUpdate(FakeCluster(error="The replicas of DIR do not start"), models)
    with pytest.raises(SanaError, match="do not start"):
        list(broken.run("DIR", OLD))
    assert models.names == [OLD, NEW]
    begun = broken.run("DIR", OLD)
    next(begun)
    with pytest.raises(SanaError, match="Another update goes on"):
        next(broken.run("DIR", OLD))
    begun.close()
    with pytest.raises(SanaError, match="do not start"):
        list(broken.run("DIR", OLD))


def test_replicas_that_do_not_fit_are_refused() -> None:
    check_room([Room(2, 4e9), Room(2, 4e9)], 2, 2, 4 * 10**9)
    with pytest.raises(SanaError, match=r"too small: 2 replicas need 4 CPUs and 2 x 5\.0 GB"):
        check_room([Room(2, 4e9), Room(2, 4e9)], 2, 2, 5 * 10**9)


def test_who_draws_waits_for_the_old_replicas_after_a_failed_change(monkeypatch: pytest.MonkeyPatch) -> None:
    exceptions = pytest.importorskip("ray.serve.exceptions")
    monkeypatch.setattr("pipeline.cluster.deployment.LOOK_SECONDS", 0.01)
    answers: list[Any] = [exceptions.DeploymentUnavailableError(None), ["drawn"]]

    class Response:
        def __init__(self) -> None:
            self.answer = answers.pop(0)

        def __iter__(self) -> Iterator[Any]:
            if isinstance(self.answer, Exception):
                raise self.answer
            return iter(self.answer)

    assert list(ServeStream(Response)) == ["drawn"]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            "It failed 3 times. Error:\nTraceback\n  File\na.b.DeviceError: x.xml cannot be read: Error 1\n\n",
            "x.xml cannot",
        ),
        ("", "Failed to update"),
    ],
)
def test_replicas_that_do_not_start_are_told_with_their_reason(told: str, expected: str) -> None:
    application = SimpleNamespace(message="Failed to update", deployments={"replica": SimpleNamespace(message=told)})
    assert _problem(application).startswith(expected)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(folders._VARIABLE, str(tmp_path))
    return tmp_path


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = update.main(["--model", "owner/new", *arguments])
    return (status, *capsys.readouterr())


def test_the_command_updates_the_program_that_runs_here(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[str, str | None]] = []

    def run(model: str, replaced: str | None) -> Iterator[str]:
        asked.append((model, replaced))
        yield "half"
        if replaced == "x":
            raise SanaError("There is no model x.")
        if replaced == "y":
            raise ZeroDivisionError

    assert "No app.py --cluster of yours runs on this machine" in command(capsys)[2]
    with listening(7860, run):
        (note,) = cache.rglob("*.json")
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert command(capsys) == (0, "half\n", "")
        folder = cache / "model"
        folder.mkdir()
        assert update.main(["--model", str(folder), "--replaces", "a"]) == 0
        assert asked == [("owner/new", None), (str(folder), "a")]
        capsys.readouterr()
        assert command(capsys, "--replaces", "x") == (2, "half\n", f"{update.PROGRAM}: There is no model x.\n")
        assert "the terminal of app.py" in command(capsys, "--replaces", "y")[2]
        assert "has the port 7861 on this machine, but 7860" in command(capsys, "--port", "7861")[2]
        with listening(7861, run):
            assert "name one with --port, of 7860, 7861" in command(capsys)[2]
            assert command(capsys, "--port", "7861")[0] == 0
    assert running_apps() == []
    assert not note.exists()


def test_without_the_key_nothing_is_updated_and_an_update_goes_on_without_its_command(cache: Path) -> None:
    begun, go_on, is_done = threading.Event(), threading.Event(), threading.Event()

    def run(model: str, replaced: str | None) -> Iterator[str]:
        begun.set()
        assert go_on.wait(30)
        yield from ("a", "b")
        is_done.set()

    with listening(7860, run):
        (app,) = running_apps()
        for line in ("", "{}", "[]", json.dumps({"key": "0", "model": "m", "replaced": None})):
            with socket.create_connection((LOOPBACK, app.line)) as stranger:
                stranger.sendall(line.encode() + b"\n")
                assert stranger.recv(100) == b""
        assert not begun.is_set()
        with socket.create_connection((LOOPBACK, app.line)) as connection:
            connection.sendall(json.dumps({"key": app.key, "model": "m", "replaced": None}).encode() + b"\n")
            assert begun.wait(30)
        go_on.set()
        wait_for(is_done.is_set)


def test_a_program_that_was_killed_is_forgotten(cache: Path) -> None:
    with listening(7860, lambda model, replaced: iter(())):
        (note,) = cache.rglob("*.json")
        left = note.read_text()
    note.write_text(left)
    with pytest.raises(SanaError, match="ended before it was updated"):
        list(ask(RunningApp(**json.loads(left)), "m", None))
    assert running_apps() == []
    assert not note.exists()
