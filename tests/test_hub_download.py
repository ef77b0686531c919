"""Models by name from the Hub: what is fetched, when nothing is asked, and one line for what is refused."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import SanaError, SanaPipeline
from pipeline.domain.progress import Progress
from pipeline.hub import download, download_progress
from pipeline.hub.download import fetch, fetch_description
from pipeline.hub.names import HubName
from pipeline.hub.resolve import resolve
from pipeline.model_folder.folder_layout import MANIFEST
from pipeline.model_folder.integrity import verify
from pipeline.model_folder.manifest import FORMAT_VERSION, read_manifest
from tests.fake_hub import WRITE, FakeHub, Fault, Repo
from tests.hub_helpers import NAME, TAG, quietly, refused, without


def with_manifest(repo_files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    return {**repo_files, MANIFEST: json.dumps({**json.loads(repo_files[MANIFEST]), **changes}).encode()}


def test_only_what_runs_is_fetched_with_its_size_said_before(
    repo: Repo, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_progress, "INTERVAL", 3600.0)  # on a busy machine the fetch may take a while
    told: list[Progress] = []
    folder = fetch(f"{NAME}@{TAG}", told.append)
    fetched = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert fetched == files.keys() - {".gitattributes", "README.md", "sample.png"}
    verify(folder, read_manifest(folder))
    assert len(told) == 1
    assert re.match(r"Fetching \d+ files of tester/sana-ir@", told[0].text)
    assert " MB, into " in told[0].text
    described = download.snapshot(NAME, folder.name, download.DESCRIPTION, local_files_only=True)
    assert (told[0].stage, told[0].done) == ("fetch", 0)
    assert told[0].total
    assert 0 < told[0].total < read_manifest(described).size(), "bytes, less those of the description"


def test_the_pipeline_draws_what_the_local_folder_draws(repo: Repo, pipe: SanaPipeline) -> None:
    ours = SanaPipeline.from_pretrained(NAME, on_progress=lambda progress: None)
    settings: dict[str, Any] = {"num_inference_steps": 1, "seed": 3, "output_type": "np"}
    assert (ours("a house", **settings).images == pipe("a house", **settings).images).all()


def test_a_download_tells_how_far_it_is(hub: FakeHub, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_progress, "INTERVAL", 0.01)
    told: list[Progress] = []

    def slow() -> None:
        while len(told) < 3:  # the watcher's line on top of what is fetched
            pass

    hub.faults = [Fault("GET /blobs", slow)]
    fetch(NAME, told.append)
    assert " of 2." in told[-1].text
    assert " MB fetched, " in told[-1].text
    fetched: list[Any] = [progress for progress in told if progress.stage == "fetch"]
    assert len(fetched) > 1
    assert len({progress.total for progress in fetched}) == 1
    assert all(0 <= progress.done <= progress.total for progress in fetched)


def test_no_revision_is_the_newest_tag_and_not_an_unfinished_main(
    hub: FakeHub, repo: Repo, files: dict[str, bytes]
) -> None:
    repo.tags["openvino-2026.10.0-int4"] = repo.commit({**files, "LICENSE": b"newer"})
    repo.commit(without(files, "transformer/openvino_model.bin"))
    told: list[Progress] = []
    assert fetch(NAME, told.append).name == repo.tags["openvino-2026.10.0-int4"]
    assert "openvino-2026.10.0-int4 is the newest tag" in told[0].text
    assert told[0].stage == "hub"
    # A Hub that does not tell the history: by the versions in the names
    hub.faults = [Fault("/commits/", 404)]
    assert quietly(NAME).name == repo.tags["openvino-2026.10.0-int4"]


def test_a_tag_at_the_head_is_the_newest_whatever_its_name(repo: Repo, files: dict[str, bytes]) -> None:
    repo.tags["a"] = repo.commit({**files, "LICENSE": b"newer"})
    assert quietly(NAME).name == repo.tags["a"]


def test_without_tags_it_is_main(repo: Repo) -> None:
    repo.tags.clear()
    assert quietly(NAME).name == repo.main


@pytest.mark.parametrize("known", ["tree", "no tree"])
def test_a_commit_in_the_cache_is_not_asked_for(hub: FakeHub, repo: Repo, known: str) -> None:
    name = f"{NAME}@{repo.main}"
    folder = quietly(name)
    if known == "no tree":  # as other clients, and the builder of a Space, leave the cache
        shutil.rmtree(folder.parents[1] / "trees")
        from huggingface_hub import _tree_cache

        _tree_cache._IN_MEMORY_TREE_CACHE.clear()
    hub.requests.clear()
    assert quietly(name) == quietly(name, fetch_description) == quietly(name, resolve) == folder
    assert hub.requests == []


def test_a_description_is_small_and_its_folder_is_completed(hub: FakeHub, repo: Repo) -> None:
    folder = quietly(NAME, fetch_description)
    assert json.loads((folder / MANIFEST).read_text())["family"] == "flow"
    assert (folder / "transformer" / "config.json").is_file()
    assert not list(folder.rglob("*.bin"))
    assert not [line for line in hub.requests if "/blobs/" in line]
    assert quietly(f"{NAME}@{folder.name}") == folder
    verify(folder, read_manifest(folder))


def test_a_tag_that_moved_is_followed(repo: Repo, files: dict[str, bytes], offline: Callable[[], None]) -> None:
    first = quietly(f"{NAME}@{TAG}")
    repo.tags[TAG] = repo.commit({**files, "LICENSE": b"newer"})
    second = quietly(f"{NAME}@{TAG}")
    assert second.name == repo.main != first.name
    offline()
    assert quietly(f"{NAME}@{TAG}") == second


@pytest.mark.parametrize("name", [NAME, f"{NAME}@{TAG}"])
def test_offline_the_cache_does(hub: FakeHub, repo: Repo, offline: Callable[[], None], name: str) -> None:
    folder = quietly(name)
    offline()
    hub.requests.clear()
    assert quietly(name) == quietly(name, fetch_description) == folder
    assert hub.requests == []


@pytest.mark.parametrize("name", [NAME, f"{NAME}@{TAG}"])
def test_the_cache_does_while_the_hub_is_gone(hub: FakeHub, repo: Repo, name: str) -> None:
    folder = quietly(name)
    hub.faults = [Fault("", 503, times=1000)]
    assert quietly(name) == folder


def test_a_newer_format_is_refused_before_the_weights(hub: FakeHub, files: dict[str, bytes]) -> None:
    hub.add(NAME, with_manifest(files, format_version=FORMAT_VERSION + 1))
    assert "update the program" in refused(NAME)
    assert not [line for line in hub.requests if "/blobs/" in line]


def test_a_manifest_that_points_outside_is_refused(hub: FakeHub, files: dict[str, bytes]) -> None:
    listed = json.loads(files[MANIFEST])["files"]
    hub.add(NAME, with_manifest(files, files={**listed, "../../../refs/main": {"size": 1, "sha256": ""}}))
    assert "outside of the folder" in refused(NAME)


def test_a_checkpoint_is_refused_with_the_command_that_converts_it(hub: FakeHub) -> None:
    hub.add(NAME, {"model_index.json": b"{}", "transformer/diffusion_pytorch_model.safetensors": b"x"})
    for call in (fetch, fetch_description):
        assert f"python precompile.py --model {NAME} --output sana-ir-openvino" in refused(NAME, call)


def test_other_refusals(hub: FakeHub, repo: Repo, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no model tester/other on the Hub, or it is private" in refused("tester/other")
    assert "There is no model tester/other" in refused("tester/other@v1")
    line = refused(f"{NAME}@v9")
    assert f"has no revision v9. Its tags: {TAG}." in line
    assert "has no revision" in refused(f"{NAME}@{'0' * 40}")
    hub.add("tester/text", {"README.md": b""})
    assert "holds no Sana model" in refused("tester/text")
    for kind in ("dataset", "space"):
        hub.add(f"tester/a-{kind}", {"app.py": b""}, kind)
        assert f"is a {kind} on the Hub, not a model" in refused(f"tester/a-{kind}")
    hub.add("tester/secret", files, private=True)
    assert "or it is private" in refused("tester/secret")
    hub.add("tester/gated", files, gated=True)
    assert "asks for its terms to be accepted" in refused("tester/gated")
    monkeypatch.setattr(download.shutil, "disk_usage", lambda place: SimpleNamespace(free=1000))
    assert "Not enough disk space" in refused(NAME)


def test_a_token_opens_a_private_repo(hub: FakeHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITE)
    hub.add("tester/secret", files, private=True)
    folder = quietly("tester/secret")
    verify(folder, read_manifest(folder))


def test_a_repo_of_optimum_intel_is_fetched_unverified(hub: FakeHub, files: dict[str, bytes]) -> None:
    extra = {"openvino_model.xml": b"", "vae_encoder/openvino_model.bin": b"x", "text_encoder/openvino_model.xml": b""}
    stored = {**without(files, MANIFEST, "text_encoder/prefix.safetensors"), **extra}
    hub.add(NAME, stored)
    assert not list(quietly(NAME, fetch_description).rglob("*.bin"))
    folder = quietly(NAME)
    assert (folder / "tokenizer" / "tokenizer.json").is_file()
    assert len(list(folder.rglob("*.bin"))) == 3
    told: list[Progress] = []
    with pytest.raises(SanaError, match="cannot be read"):  # nothing finds that before it is needed
        SanaPipeline.from_pretrained(NAME, on_progress=told.append)
    assert any("optimum-intel and has no manifest: it is loaded unverified" in progress.text for progress in told)


@pytest.mark.parametrize("call", [fetch, fetch_description])
@pytest.mark.parametrize("has_manifest", [True, False])
def test_what_cannot_work_is_not_fetched(
    hub: FakeHub, files: dict[str, bytes], call: Callable[..., Path], has_manifest: bool
) -> None:
    """A configuration that cannot be, whether the manifest lists it so or there is none."""
    config = files["vae_decoder/config.json"].replace(b'"latent_channels": 32', b'"latent_channels": 16')
    manifest = json.loads(files[MANIFEST])
    entry = {"size": len(config), "sha256": hashlib.sha256(config).hexdigest()}
    manifest["files"]["vae_decoder/config.json"] = entry
    stored = {**files, "vae_decoder/config.json": config, MANIFEST: json.dumps(manifest).encode()}
    hub.add(NAME, stored if has_manifest else without(stored, MANIFEST))
    assert "decodes latents of 16 channels; the transformer makes 32" in refused(NAME, call)
    assert not [request for request in hub.requests if ".bin" in request or "blobs" in request]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("owner/name", HubName("owner/name")),
        ("owner/name@v1", HubName("owner/name", "v1")),
        ("o_1/n.a-me@refs/pr/1", HubName("o_1/n.a-me", "refs/pr/1")),
        ("name", None),
        ("./name", None),
        ("/owner/name", None),
        ("a/b/c", None),
        ("owner/na me", None),
        ("owner/name@", None),
        ("owner/na--me", None),
        ("owner/name.git", None),
        ("../name", None),
        ("", None),
    ],
)
def test_names(text: str, expected: HubName | None) -> None:
    assert HubName.parse(text) == expected
