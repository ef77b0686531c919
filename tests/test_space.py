"""The repo as a Space: its front matter, the files of a published Space, and that it runs by itself."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from huggingface_hub import SpaceHardware, constants, metadata_load
from huggingface_hub.repocard import RepoCard
from PIL import Image

from pipeline import SanaError, SanaPipeline
from pipeline.domain.catalogue import CATALOGUE
from pipeline.generation.metadata import read_settings
from pipeline.publish import publish_space
from pipeline.publish.model_repo import Published
from pipeline.publish.space import program_files
from tests.fake_hub import WRITE, FakeHub, Fault, Repo
from tests.test_cli import serving

ROOT = Path(__file__).parents[1]
NAME, SPACE = "tester/sana-ir", "tester/space"
MODEL = Published(NAME, "v1", "0" * 40, ("manifest.json", "model_index.json"))
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def pinned(package: str, file: str = "requirements.txt") -> str:
    (version,) = re.findall(rf"^{package}==([^;\s]+)", (ROOT / file).read_text(), re.MULTILINE)
    return version


def test_the_front_matter_is_what_spaces_take() -> None:
    data: Any = metadata_load(ROOT / "README.md")
    assert data["sdk"] == "gradio"
    assert data["sdk_version"] == pinned("gradio")
    assert re.fullmatch(r"3\.1[0-3]", data["python_version"])
    assert (ROOT / data["app_file"]).is_file()
    assert {data["colorFrom"], data["colorTo"]} <= COLOURS
    assert data["title"]
    assert len(data["emoji"]) == 1
    assert len(data["short_description"]) <= 60
    assert data["license"] == "apache-2.0"
    assert set(data["models"]) <= {variant.repo for variant in CATALOGUE}
    assert data["suggested_hardware"] in {hardware.value for hardware in SpaceHardware}
    assert re.fullmatch(r"\d+[mh]", data["startup_duration_timeout"])
    assert data["tags"]


def test_a_space_installs_the_cpu_build_of_the_same_torch() -> None:
    assert pinned("torch", "pre-requirements.txt") == f"{pinned('torch')}+cpu"


def test_no_file_is_larger_than_spaces_take() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    large = [name for name in listed.stdout.split("\0") if name and (ROOT / name).stat().st_size > 10e6]
    assert large == []


@pytest.fixture
def make(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("HF_TOKEN", WRITE)

    def run(model: Published = MODEL, private: bool = False) -> str:
        return publish_space(SPACE, model, private, lambda progress: None)

    return run


def space(hub: FakeHub) -> Repo:
    return hub.repos["space", SPACE]


def test_every_file_is_there_and_the_model_is_set(hub: FakeHub, make: Callable[..., str]) -> None:
    assert make() == f"{hub.url}/spaces/{SPACE}"
    files = space(hub).files
    for name, path in program_files().items():
        assert name == "README.md" or files[name] == path.read_bytes()
    assert {
        "app.py",
        "precompile.py",
        "pipeline/page/page.css",
        "requirements.txt",
        "pre-requirements.txt",
    } < files.keys()
    assert not [name for name in files if name.startswith("pipeline/miniature/training/")], "needed to train it only"
    others = [name for name in files if "__pycache__" in name or name.startswith(("tests/", "."))]
    assert others == [".gitattributes"]
    assert space(hub).variables == {"SANA_MODEL": f"{NAME}@{MODEL.commit}"}
    card: Any = RepoCard(files["README.md"].decode())
    assert hub.finds_wrong("space", str(card)) == []
    assert card.data.models == [NAME]
    assert card.data.preload_from_hub == [f"{NAME} manifest.json,model_index.json {MODEL.commit}"]
    assert card.data.sdk_version == pinned("gradio")
    assert "hardware" not in space(hub).created_with


def test_an_update_changes_what_differs_and_leaves_the_rest(hub: FakeHub, make: Callable[..., str]) -> None:
    make()
    repo = space(hub)
    repo.variables["SANA_DEVICE"] = "AUTO"
    repo.commit({**repo.files, "pipeline/old.py": b"", "notes.md": b"theirs", "app.py": b"old"})
    hub.requests.clear()
    make(MODEL._replace(commit="1" * 40))
    assert not [line for line in hub.requests if line.startswith("PUT")]
    assert "pipeline/old.py" not in repo.files
    assert repo.files["notes.md"] == b"theirs"
    assert repo.files["app.py"] == (ROOT / "app.py").read_bytes()
    assert repo.variables == {"SANA_MODEL": f"{NAME}@{'1' * 40}", "SANA_DEVICE": "AUTO"}
    commits = len(repo.commits)
    make(MODEL._replace(commit="1" * 40))
    assert len(repo.commits) == commits


def test_a_space_of_an_earlier_layout_is_updated(hub: FakeHub, make: Callable[..., str]) -> None:
    hub.add(SPACE, {}, "space")
    repo = space(hub)
    old = ["pipeline/sana.py", "pipeline/artifacts.py", "pipeline/miniature/world.py", "pipeline/__init__.py"]
    repo.commit(dict.fromkeys(("README.md", "app.py", "precompile.py", "requirements.txt", *old), b"old"))
    make()
    assert repo.files.keys() == program_files().keys()
    assert b"old" not in repo.files.values()


def test_a_private_space_is_built_without_the_model(hub: FakeHub, make: Callable[..., str]) -> None:
    make(private=True)
    assert space(hub).private
    assert "preload_from_hub" not in RepoCard(space(hub).files["README.md"].decode()).data.to_dict()


def test_refusals(hub: FakeHub, make: Callable[..., str]) -> None:
    hub.add(SPACE, {"README.md": b"", "main.py": b""}, "space")
    with pytest.raises(SanaError, match=r"holds another program \(main\.py\)"):
        make()
    assert space(hub).variables == {}
    del hub.repos["space", SPACE]
    hub.faults = [Fault("/repos/create", 402, times=9)]
    with pytest.raises(SanaError, match="PRO or Team account"):
        make()
    hub.faults = [Fault("/commit/", 412)]
    with pytest.raises(SanaError, match="changed meanwhile"):
        make()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment without settings of app, page and Hub, with an empty cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANA_", "GRADIO_", "HF_"))}
    return {**kept, "XDG_CACHE_HOME": str(tmp_path / "cache"), "LOCALAPPDATA": str(tmp_path / "cache")}


def generate(port: int, folder: Path) -> Image.Image:
    client = Client(f"http://127.0.0.1:{port}", verbose=False, download_files=str(folder))
    images, seed, _ = client.predict(prompt="a house", seed=3, num_inference_steps=1, api_name="/generate")
    assert read_settings(images[0]["image"]).seed == seed == 3
    return Image.open(images[0]["image"])


@pytest.mark.long
def test_from_a_checkpoint_to_a_running_space_in_one_command(
    hub: FakeHub,
    model: Path,
    port: int,
    tmp_path: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment |= {**hub.environment, "HF_HOME": str(tmp_path / "empty")}
    command: list[str | Path] = [sys.executable, ROOT / "precompile.py"]
    command += ["--model", model.parent / "tiny-flow", "--output", model]
    command += ["--push-to-hub", NAME, "--space", SPACE]
    done = subprocess.run(command, env={**environment, "HF_TOKEN": WRITE}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"The Space is at {hub.url}/spaces/{SPACE}"
    assert len(hub.model(NAME).tags) == 1
    assert hub.halves == []

    folder = tmp_path / "space"
    for name, content in space(hub).files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with serving({**environment, **space(hub).variables}, port, folder / "app.py") as printed:
        drawn = generate(port, tmp_path)
    assert any(line.startswith("Fetching ") for line in printed)

    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty" / "hub"))  # the Space's
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    pipe = SanaPipeline.from_pretrained(space(hub).variables["SANA_MODEL"])
    assert pipe("a house", seed=3, num_inference_steps=1).images[0].tobytes() == drawn.tobytes()
    assert hub.requests == []
