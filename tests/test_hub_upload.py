"""Publishing an IR folder: all files, then the tag; nothing twice, nothing over somebody else's work."""

import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import precompile as program
from pipeline import SanaError
from pipeline.domain.progress import Progress
from pipeline.hub.download import fetch
from pipeline.model_folder.folder_layout import MANIFEST
from pipeline.model_folder.integrity import describe_files, verify
from pipeline.model_folder.manifest import read_manifest, write_manifest
from pipeline.publish import model_repo as publishing
from pipeline.publish import publish
from pipeline.publish.model_repo import Published
from tests.fake_hub import READ, WRITE, FakeHub, Fault
from tests.hub_helpers import NAME

ROOT = Path(__file__).parents[1]


@pytest.fixture
def told() -> list[Progress]:
    return []


@pytest.fixture
def push(
    hub: FakeHub, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[Progress]
) -> Callable[..., Published]:
    """Return a function that publishes the tiny model with a ready picture; files of 100 kB count as large."""
    monkeypatch.setenv("HF_TOKEN", WRITE)
    Image.new("RGB", (8, 8)).save(tmp_path / "ready.png")
    monkeypatch.setattr(publishing, "draw_sample", lambda *_: tmp_path / "ready.png")
    monkeypatch.setattr("pipeline.publish.repo.LARGE", 100_000)

    def run(folder: Path = model, name: str = NAME, private: bool = False) -> Published:
        return publish(folder, tmp_path, name, private, told.append)

    return run


def sent(hub: FakeHub) -> list[str]:
    """Return the writing requests since the last call."""
    written = [line for line in hub.requests if line.startswith("PUT") or "/commit/" in line or "/tag/" in line]
    hub.requests.clear()
    return written


def test_the_tag_names_a_whole_model_and_a_second_run_writes_nothing(
    hub: FakeHub, push: Callable[..., Published], model: Path, told: list[Progress]
) -> None:
    published = push()
    repo = hub.model(NAME)
    tools = read_manifest(model).tools
    assert repo.tags == {f"openvino-{tools['openvino']}-fp16": repo.main} == {published.tag: published.commit}
    assert len(repo.commits) == 2, "the Hub's own first one, and one with everything"
    assert hub.halves == []
    for name, content in repo.files.items():
        if (model / name).is_file():
            assert content == (model / name).read_bytes()
    assert repo.files.keys() - set(published.files) == {".gitattributes", "README.md", "sample.png"}
    (first, *_) = uploads = [progress for progress in told if progress.stage == "upload"]
    size = (model / "text_encoder" / "openvino_model.bin").stat().st_size
    assert first.text == f"Uploading text_encoder/openvino_model.bin, {size / 1e6:.1f} MB (1 of {len(uploads)})"
    assert [(progress.done, progress.total) for progress in uploads] == [(k, len(uploads)) for k in range(len(uploads))]
    assert sent(hub)
    assert push() == published
    assert sent(hub) == []
    assert "nothing to upload" in told[-1].text
    folder = fetch(f"{NAME}@{published.tag}", told.append)
    verify(folder, read_manifest(folder))


PLACES = [
    *("/repos/create", "GET /api/models/[^/]*/[^/]*$", "/refs", "/preupload/", "/objects/batch", "PUT /blobs"),
    *("/validate-yaml", "/commit/", "/tag/"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("kind", "times"), [(500, 2), ("drop", 1)])
def test_what_passes_is_tried_again(
    hub: FakeHub, push: Callable[..., Published], place: str, kind: int | str, times: int
) -> None:
    hub.faults = [Fault(place, kind, times)]
    published = push()
    assert hub.faults[0].times == 0
    assert hub.model(NAME).tags == {published.tag: hub.model(NAME).main}
    assert hub.halves == []


@pytest.mark.parametrize("place", ["/commit/", "/tag/", "/repos/create"])
def test_an_answer_that_is_lost_does_no_harm(hub: FakeHub, push: Callable[..., Published], place: str) -> None:
    hub.faults = [Fault(place, lambda: None, after=True)]
    published = push()
    assert len(hub.model(NAME).commits) == 2
    assert hub.model(NAME).tags == {published.tag: published.commit}


MOMENTS = {  # pattern of a request, how many such are spared, and whether it has been handled
    "first file": ("PUT /blobs", 0, False),
    "second file": ("PUT /blobs", 1, False),
    "commit": ("/commit/", 0, False),
    "committed": ("/commit/", 0, True),
    "tag": ("/tag/", 0, False),
}


@pytest.mark.long
@pytest.mark.slow
def test_killed_at_five_moments_it_goes_on_where_it_was(
    hub: FakeHub, push: Callable[..., Published], model: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    statement = f"""
from pathlib import Path
from pipeline.publish import model_repo
model_repo.draw_sample = lambda *_: Path({str(tmp_path / "ready.png")!r})
model_repo.publish(Path({str(model)!r}), Path({str(tmp_path / "empty")!r}), {NAME!r}, False, print)
"""
    environment = {"PATH": "", "HF_TOKEN": WRITE, **hub.environment}
    sizes = []
    for moment, (pattern, spared, after) in MOMENTS.items():
        with subprocess.Popen([sys.executable, "-c", statement], cwd=ROOT, env=environment) as process:

            def kill(process: subprocess.Popen[bytes] = process) -> None:
                process.kill()
                raise ConnectionAbortedError

            hub.faults = [Fault(pattern, kill, spared=spared, after=after)]
            assert process.wait(60) == -9, moment
        assert hub.model(NAME).tags == {}
        sizes.append(len(hub.blobs))
    assert 0 <= sizes[0] < sizes[1] < sizes[2] == sizes[-1]
    puts = [line for line in hub.requests if line.startswith("PUT")]
    assert len(set(puts)) == sizes[-1]
    assert len(puts) <= sizes[-1] + 5, "only what was in flight is sent again"
    hub.requests.clear()
    published = push()
    assert sent(hub) == [f"POST /api/models/{NAME}/tag/{published.commit}"], "all was there but the tag"
    assert len(hub.model(NAME).commits) == 2
    assert hub.halves == []


def test_a_repo_that_changed_meanwhile_is_left_alone(hub: FakeHub, push: Callable[..., Published]) -> None:
    def interfere() -> None:
        repo = hub.model(NAME)
        repo.commit({**repo.files, "README.md": b"theirs"})

    hub.faults = [Fault("/commit/", interfere)]
    with pytest.raises(SanaError, match="changed by somebody else meanwhile"):
        push()
    assert hub.model(NAME).files == {".gitattributes": b"", "README.md": b"theirs"}
    assert hub.model(NAME).tags == {}


def test_an_edited_card_stays(hub: FakeHub, push: Callable[..., Published]) -> None:
    push()
    repo = hub.model(NAME)
    repo.commit({**repo.files, "README.md": b"edited"})
    sent(hub)
    push()
    assert sent(hub) == []
    repo.tags.clear()
    push()
    assert repo.files["README.md"] == b"edited"


@pytest.fixture
def other(model: Path, tmp_path: Path) -> Path:
    """Return another model of the same versions and compression, with one file less and one file changed."""
    folder = shutil.copytree(model, tmp_path / "other")
    manifest = read_manifest(folder)
    (folder / "tokenizer" / "tokenizer_config.json").unlink()
    (folder / "transformer" / "config.json").write_text("{}")
    (folder / MANIFEST).unlink()
    write_manifest(folder, dataclasses.replace(manifest, files=describe_files(folder)))
    return folder


def test_a_tag_is_never_moved(hub: FakeHub, push: Callable[..., Published], other: Path) -> None:
    published = push()
    sent(hub)
    with pytest.raises(SanaError, match=f"hf repos tag delete {NAME} {published.tag}"):
        push(other)
    assert sent(hub) == []


def test_another_model_replaces_the_files_of_the_first_under_its_own_tag(
    hub: FakeHub, push: Callable[..., Published], other: Path
) -> None:
    first = push()
    repo = hub.model(NAME)
    repo.tags = {"old": repo.tags[first.tag]}
    repo.commit({**repo.files, "notes.md": b"theirs"})
    sent(hub)
    second = push(other)
    assert len([line for line in sent(hub) if line.startswith("PUT")]) == 0, "no large file changed"
    assert "tokenizer/tokenizer_config.json" not in repo.files
    assert repo.files["notes.md"] == b"theirs"
    assert repo.tags == {"old": first.commit, second.tag: second.commit}
    assert hub.halves == []


def test_a_repo_of_something_else_is_left_alone(hub: FakeHub, push: Callable[..., Published]) -> None:
    hub.add(NAME, {"README.md": b"", "model.safetensors": b"x"})
    with pytest.raises(SanaError, match=r"holds something else \(model\.safetensors\)"):
        push()
    assert sent(hub) == []


def test_private_is_private(hub: FakeHub, push: Callable[..., Published]) -> None:
    push(private=True)
    assert hub.model(NAME).private
    hub.add("tester/public", {})
    with pytest.raises(SanaError, match="is there already, and public"):
        push(name="tester/public", private=True)


def test_a_damaged_folder_is_not_published(hub: FakeHub, push: Callable[..., Published], other: Path) -> None:
    (other / "transformer" / "config.json").write_text("[]")
    with pytest.raises(SanaError, match="is damaged"):
        push(other)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("token", "options", "message"),
    [
        (None, ["--push-to-hub", NAME], "HF_TOKEN"),
        (READ, ["--push-to-hub", NAME], "may only read"),
        ("hf_wrong", ["--push-to-hub", NAME], "does not accept the token"),
        (WRITE, ["--push-to-hub", "sana-ir"], "--push-to-hub takes OWNER/NAME"),
        (WRITE, ["--push-to-hub", "a/b/c"], "--push-to-hub takes OWNER/NAME"),
        (WRITE, ["--push-to-hub", "tester/sana@v1"], "--push-to-hub takes OWNER/NAME"),
        (WRITE, ["--push-to-hub", ""], "--push-to-hub takes OWNER/NAME"),
        (WRITE, ["--push-to-hub", NAME, "--space", "space"], "--space takes OWNER/NAME"),
        (WRITE, ["--space", "tester/space"], "belong to --push-to-hub"),
        (WRITE, ["--private"], "belong to --push-to-hub"),
        (WRITE, ["--model", "tester/none"], "There is no model tester/none"),
        (WRITE, ["--model", "tester/data"], "is a dataset on the Hub, not a model"),
        (WRITE, ["--model", "tester/checkpoint@v9"], "has no revision v9. It has no tags."),
        (WRITE, ["--model", "tester/ir"], "holds OpenVINO IR already"),
        (WRITE, ["--vae", "tester/none"], "There is no model tester/none"),
    ],
)
def test_bad_input_is_one_line_and_status_2_before_any_work(
    hub: FakeHub,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: str | None,
    options: list[str],
    message: str,
) -> None:
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    hub.add("tester/data", {"README.md": b""}, "dataset")
    hub.add("tester/checkpoint", {"model_index.json": b"{}"})
    hub.add("tester/ir", {f"{name}/openvino_model.xml": b"" for name in ("text_encoder", "transformer", "vae_decoder")})
    assert program.main(["--output", str(tmp_path / "output"), *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err
    assert not token or token not in captured.err
    assert not (tmp_path / "output").exists()


def test_a_repo_of_others_is_one_line(hub: FakeHub, push: Callable[..., Published]) -> None:
    with pytest.raises(SanaError, match=r"no right to do that with others/model \(You don't have the rights"):
        push(name="others/model")
