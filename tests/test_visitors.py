"""Visitors who lie: whatever an event is sent, it opens only their own files and answers in a sentence."""

import errno
import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
import httpx
import pytest

from app import build_page
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import StepUpdate, Update
from pipeline.domain.variation_parameters import STRONG, SUBTLE
from pipeline.generation.metadata import write_png
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.models import Models
from pipeline.page.link import read_link
from pipeline.page.visitor import picture_folder
from tests.descriptions import MODEL
from tests.painter import Painter, picture
from tests.serving import serve_page
from tests.waiting import wait_for

FILE = {"_type": "gradio.FileData"}
PER_CLIENT = 8  # so few that all are asked for before the first is dropped because nobody listens
REFUSED = "This file was neither uploaded here nor made for you: drop the picture on the page."
UNKNOWN = "This is not what the page sends: reload the page."


def send(http: httpx.Client, path: str, body: object) -> httpx.Response:
    """Post JSON. Unlike httpx's own, it may hold half of a surrogate pair."""
    return http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})


@dataclass
class Site:
    """A served page, the numbers of its functions by name, and a client."""

    app: gr.Blocks
    http: httpx.Client
    functions: dict[str | None, int]

    def press(self, name: str | None, *values: object, session: str = "tab", **more: object) -> httpx.Response:
        """Press a button as a browser's tab `session` does."""
        body = {"fn_index": self.functions[name], "data": values, "session_hash": session, **more}
        return send(self.http, "run/predict", body)

    def fields(self, name: str) -> list[Any]:
        """Return the values of a new page's fields, as a function gets them after its first value."""
        return [getattr(component, "value", None) for component in self.app.fns[self.functions[name]].inputs[1:]]

    def upload(self, content: bytes) -> str:
        """Return the path that an uploaded file has on the server."""
        return self.http.post("upload", files={"files": ("a.png", content)}).json()[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        app = build_page(Models([Painter()]), JobQueue(max_per_client=PER_CLIENT))
        functions = {fn.name: number for number, fn in app.fns.items()}
        with serve_page(app) as url:
            yield Site(app, httpx.Client(base_url=f"{url}gradio_api/", timeout=60), functions)


@pytest.fixture
def outside(tmp_path: Path) -> str:
    """Return the path of a picture of ours that lies elsewhere on the server."""
    write_png(picture(), tmp_path / "secret.png")
    return str(tmp_path / "secret.png")


def shown(path: object) -> dict[str, Any]:
    """Return the value of the page's pictures, as the browser sends it."""
    return {"pictures": [{"path": path, "meta": FILE}], "preview": None, "is_new": True, "selected": 0}


def outputs(site: Site, session: str) -> list[dict[str, Any]]:
    """Ask for a picture in a session; return the session's messages to the end."""
    number = site.functions["generate"]
    data = ["a house", "", "none", 256, 256, 2, 4.5, 3, False, 1]
    site.http.post("queue/join", json={"fn_index": number, "data": data, "session_hash": session}).raise_for_status()
    return heard(site, session)


def heard(site: Site, session: str) -> list[dict[str, Any]]:
    """Return a session's messages until none of its events is under way."""
    with site.http.stream("GET", "queue/data", params={"session_hash": session}) as answer:
        messages = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    return [each for each in messages if each["msg"] in ("process_generating", "process_completed")]


def drawn(site: Site, session: str) -> str:
    """Draw a picture for a session; return its path."""
    return outputs(site, session)[-1]["output"]["data"][0][0]["image"]["path"]


def test_a_variation_keeps_the_seed_of_a_picture_and_gets_one_of_its_own(site: Site) -> None:
    path = drawn(site, "mine")
    seeds = set()
    for name, strength in (("vary_subtly", SUBTLE), ("vary_strongly", STRONG), ("vary", 0.0)):
        data = site.press(name, shown(path), *site.fields(name), session="mine").json()["data"]
        labels = [getattr(each, "label", None) for each in site.app.fns[site.functions[name]].outputs]
        wanted = ("Variation strength", "Random seed", "Seed", "Variation seed")
        updates = [data[labels.index(label)] for label in wanted]
        values = [each["value"] if isinstance(each, dict) else each for each in updates]
        assert values[:3] == [strength, name == "vary", 3]
        seeds.add(values[3])
    assert len(seeds) == 3  # that of no variation is 0


def test_a_picture_is_of_use_to_whom_it_was_made_for_and_to_nobody_else(site: Site) -> None:
    path = drawn(site, "mine")
    own = site.press("use", shown(path), *site.fields("use"), session="mine")
    assert "filled in" in own.text
    for name in ("use", "vary", "change", "link"):
        refusal = site.press(name, shown(path), *site.fields(name), session="another")
        assert (refusal.status_code, refusal.json()["error"]) == (500, REFUSED)


@pytest.mark.parametrize(
    "spell",
    [
        lambda path: {"path": path},
        lambda path: {"path": path, "meta": FILE},
        lambda path: {"path": path, "meta": {"_type": "another"}},
        lambda path: {"path": path, "meta": "gradio.FileData"},
        lambda path: {"path": path, "url": "data:image/webp;base64,AAAA", "meta": FILE},
        lambda path: {"path": f"//{path}", "meta": FILE},
        lambda path: {"path": [path], "meta": FILE},
        lambda path: {"path": "http://127.0.0.1:9/a.png", "meta": FILE},
        lambda path: {"path": "file://" + path, "meta": FILE},
        lambda path: {"url": "http://127.0.0.1:9/a.png", "meta": FILE},
        lambda path: {"url": "http://127.0.0.1:9/a.png"},
        lambda path: {"path": None, "url": "http://127.0.0.1:9/a.png", "meta": FILE},
        lambda path: {"path": "a\0b", "meta": FILE},
        lambda path: {"path": "", "meta": FILE},
        lambda path: {"path": "/etc/passwd", "meta": FILE},
        lambda path: {"path": "/", "meta": FILE},
    ],
)
def test_no_event_opens_a_file_that_is_not_the_visitors_or_fetches_one(
    site: Site, outside: str, spell: Callable[[str], object]
) -> None:
    file, model = spell(outside), MODEL.name
    events: dict[str, list[Any]] = {
        "drop": [file, *site.fields("drop")],
        "start": [file, *site.fields("start")],
        "use": [{"pictures": [file]}, *site.fields("use")],
        "vary": [{"pictures": file}, *site.fields("vary")],
        "link": [{"pictures": [file], "preview": file}, *site.fields("link")],
        "arrive": [file, 256, 256, 20, True, model, None, None],
        "extend": [file, False, ["left"], 0.25, model, None],
        "change": [{"pictures": [file]}, *site.fields("change")],
        "estimate": [model, file, 256, 20, 4.5, 1, False, False, "seed", "1", "", ""],
        "effect": [file, model],
    }
    for name, values in events.items():
        refusal = site.press(name, *values)
        assert (refusal.status_code, refusal.json()["error"]) == (500, REFUSED), name
        assert "secret" not in refusal.text


def test_paths_that_climb_out_of_the_visitors_folder_are_foreign(site: Site, outside: str) -> None:
    own = drawn(site, "climber")
    folder = own.rpartition("/")[0]
    for path in (f"{folder}/../../../../../../../../{outside}", f"{folder}/./{own.rpartition('/')[2]}", f"{folder}\0"):
        refusal = site.press("drop", {"path": path, "meta": FILE}, *site.fields("drop"), session="climber")
        assert refusal.json()["error"] == REFUSED


def test_an_uploaded_picture_comes_back_with_its_settings(site: Site, outside: str) -> None:
    with open(outside, "rb") as file:
        path = site.upload(file.read())
    answer = site.press("drop", {"path": path, "meta": FILE}, *site.fields("drop"))
    assert "filled in" in answer.text
    cut = {"path": site.upload(b"\x89PNG\r\n\x1a\n"), "meta": FILE}
    assert "cut off" in site.press("drop", cut, *site.fields("drop")).text


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("use", []),
        ("use", [None] * 50),
        ("choose", [["a"]]),
        ("choose", ["no such model"]),
        ("size_of", ["Round", MODEL.name]),
        ("size_of", [{}, []]),
        ("effect", [3, MODEL.name]),
        ("drop", ["file"]),
        (None, []),
    ],
)
def test_values_of_another_kind_are_refused_in_a_sentence(site: Site, name: str | None, values: list[Any]) -> None:
    refusal = site.press(name, *values)
    assert refusal.status_code == 500
    assert refusal.json()["error"] == UNKNOWN


JUNK: list[Any] = [None, 0, -1, 1e308, "x", "\ud800", True, [], {}, [None], {"a": None}, [["a"]], [{"image": {}}]]


@pytest.mark.parametrize("value", JUNK, ids=repr)
def test_no_junk_is_taken_for_a_fault_of_the_program(site: Site, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    for name, number in site.functions.items():
        if name is None:
            continue
        values = [value] * len(site.app.fns[number].inputs)
        if site.app.fns[number].queue:
            body = {"fn_index": number, "data": values, "session_hash": f"junk {name}"}
            answer = send(site.http, "queue/join", body)
            assert answer.is_success or answer.status_code in (400, 422), name
            text = answer.text + (str(heard(site, f"junk {name}")) if answer.is_success else "")
        else:
            text = site.press(name, *values).text
        assert "Something went wrong" not in text, name
        assert "Internal Server Error" not in text, name
    assert "Traceback" not in caplog.text


NO_PICTURES: list[Any] = ["pictures", [[]], {"image": 1}, {"pictures": 1}, {"pictures": ["a"]}]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("use", value) for value in NO_PICTURES),
        *(("use", {"pictures": [], "selected": place}) for place in (-1, True, 1.5, "1", [0])),
        ("drop", "file"),
        ("drop", {"meta": FILE}),
    ],
)
def test_pictures_of_another_kind_are_refused_in_a_sentence(site: Site, name: str, value: Any) -> None:
    assert UNKNOWN in site.press(name, value, *site.fields(name)).text


def test_a_model_that_the_menu_does_not_have_is_refused(site: Site) -> None:
    values = [{"a": 1} if value == MODEL.name else value for value in site.fields("use")]
    assert site.press("use", None, *values).json()["error"] == UNKNOWN


@pytest.mark.parametrize(
    "value",
    [
        "x" * 300_001,
        ["x" * 1_000] * 301,
        [0] * 1_501,
        {str(number): 0 for number in range(800)},
        [[[[[[[[[1]]]]]]]]],
    ],
)
def test_what_is_too_much_is_refused_before_it_is_read(site: Site, value: Any) -> None:
    refusal = site.press("estimate", value, *[0] * 11)
    assert refusal.json()["error"] == "This is more than the page sends at once: reload the page."


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk of the machine that draws is full, so the picture could not be kept."),
        (errno.EACCES, "The picture could not be written on the machine that draws: its log says why."),
    ],
)
def test_a_picture_that_cannot_be_kept_is_told_by_its_cause(
    site: Site, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(image: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(number, "of the system", str(path))

    monkeypatch.setattr("pipeline.page.picture_files.write_png", fail)
    messages = outputs(site, "unlucky")
    assert messages[-1]["success"] is False
    assert messages[-1]["output"]["error"] == sentence
    assert not [path for path in picture_folder("unlucky").rglob("*") if path.is_file()]


def test_an_error_of_the_server_is_told_without_its_paths(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise FileNotFoundError(2, "No such file or directory", "/home/owner/secret")

    monkeypatch.setattr("pipeline.page.setting_events.shape_of", fail)
    refusal = site.press("shape", 256, 256, MODEL.name)
    assert refusal.json()["error"] == "Something went wrong on the way: the log of the program says what."
    assert "/home/owner/secret" in caplog.text


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let drawings go on until they are closed; return the list of the seeds of those that ended."""
    ended: list[int] = []

    def generate(self: Painter, settings: GenerationSettings, given: object = None) -> Generator[Update, None, None]:
        try:
            while True:
                yield StepUpdate(1, 2, None, 0.1)
                time.sleep(0.01)
        finally:
            ended.append(settings.seed)

    monkeypatch.setattr(Painter, "generate", generate)
    return ended


def ask(site: Site, seed: int, session: str | None = None) -> httpx.Response:
    """Ask for a picture and do not listen."""
    data = ["a house", "", "none", 256, 256, 2, 4.5, seed, False, 1]
    if session is None:
        return site.http.post("call/generate", json={"data": data})
    body = {"fn_index": site.functions["generate"], "data": data, "session_hash": session}
    return site.http.post("queue/join", json=body)


def test_who_does_not_begin_to_listen_is_dropped_and_who_listens_is_not(
    site: Site, held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.page.visitor.LISTEN_SECONDS", 2.0)
    assert ask(site, 1, "deaf").is_success
    wait_for(lambda: held == [1])
    assert ask(site, 2).is_success  # one after the other: who waits behind another may be dropped undrawn
    wait_for(lambda: held == [1, 2])
    event = ask(site, 3).json()["event_id"]
    with site.http.stream("GET", f"call/generate/{event}") as answer:
        lines = answer.iter_lines()
        begun = time.monotonic()
        while time.monotonic() < begun + 3.0:
            next(lines)
        assert held == [1, 2]
    wait_for(lambda: held == [1, 2, 3])  # gone, and the place is free


def test_a_program_that_names_no_session_has_the_places_of_one_client(
    site: Site, held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.page.visitor.LISTEN_SECONDS", 8.0)  # longer than a busy machine takes to ask
    events = [ask(site, seed).json()["event_id"] for seed in range(PER_CLIENT + 2)]
    for event in events[-2:]:
        assert f"You have {PER_CLIENT} requests here already" in site.http.get(f"call/generate/{event}").text
    wait_for(lambda: 0 in held)


def test_a_link_takes_what_the_page_hands_out_in_every_spelling() -> None:
    models = Models([Painter()])
    query = {"prompt": "a house", "width": "256.0", "seed": "-1", "style": "Anime", "model": MODEL.source}
    values, problems = read_link(urlencode(query), models)
    assert not problems
    assert (values["width"], values["style"], values["randomize_seed"]) == (256, "anime", True)
    assert "seed" not in values
    assert values["model"] == MODEL.name


def test_a_link_that_says_something_twice_leaves_the_field_as_it_is() -> None:
    values, problems = read_link("prompt=a+house&seed=1&seed=2", Models([Painter()]))
    assert values == {"prompt": "a house"}
    assert [each.sentence for each in problems] == ["The seed is given twice: give it once."]
