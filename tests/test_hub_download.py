"""Models by name from the Hub: what is fetched, when nothing is asked, and one line for what goes wrong."""

import json
import os
import re
import shutil
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from pipeline import SanaError, SanaPipeline
from pipeline.artifacts import FORMAT_VERSION, MANIFEST, resolve, verify
from pipeline.hub import HubName, download, fetch, fetch_description, find_checkpoint, find_vae
from tests.fake_hub import WRITE, Fault

NAME = "tester/sana-ir"
TAG = "openvino-2026.4.1-fp16"


@pytest.fixture(scope="session")
def files(model):
    """An IR repo's files: the model's, and what nobody needs to run it."""
    ir = {path.relative_to(model).as_posix(): path.read_bytes() for path in model.rglob("*") if path.is_file()}
    return {".gitattributes": b"", "README.md": b"# A card", "sample.png": b"png" * 1000, **ir}


@pytest.fixture
def repo(hub, files):
    repo = hub.add(NAME, files)
    repo.tags[TAG] = repo.main
    return repo


@pytest.fixture
def offline(monkeypatch):
    def switch() -> None:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    return switch


def refused(name, call=fetch) -> str:
    """Fetches, which must fail; returns the one sentence."""
    with pytest.raises(SanaError) as caught:
        call(name, lambda line: None)
    assert "\n" not in str(caught.value)
    assert WRITE not in str(caught.value)
    return str(caught.value)


def quietly(name, call=fetch) -> Path:
    return call(name, lambda line: None)


def without(files, *names):
    return {name: content for name, content in files.items() if name not in names}


def with_manifest(repo_files, **changes):
    return {**repo_files, MANIFEST: json.dumps({**json.loads(repo_files[MANIFEST]), **changes}).encode()}


def test_only_what_runs_is_fetched_with_its_size_said_before(repo, files):
    lines = []
    folder = fetch(f"{NAME}@{TAG}", lines.append)
    fetched = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert fetched == files.keys() - {".gitattributes", "README.md", "sample.png"}
    verify(folder)
    assert len(lines) == 1
    assert re.match(r"Fetching \d+ files of tester/sana-ir@", lines[0])
    assert " MB, into " in lines[0]


def test_the_pipeline_draws_what_the_local_folder_draws(repo, pipe):
    ours = SanaPipeline.from_pretrained(NAME, tell=lambda line: None)
    settings = {"num_inference_steps": 1, "seed": 3, "output_type": "np"}
    assert (ours("a house", **settings).images == pipe("a house", **settings).images).all()


def test_a_download_tells_how_far_it_is(hub, repo, monkeypatch):
    from pipeline.hub import progress

    monkeypatch.setattr(progress, "INTERVAL", 0.01)
    lines = []

    def slow():
        while len(lines) < 3:  # the watcher's line on top of what is fetched
            pass

    hub.faults = [Fault("GET /blobs", slow)]
    fetch(NAME, lines.append)
    assert " of 2." in lines[-1]
    assert " MB fetched, " in lines[-1]


def test_no_revision_is_the_newest_tag_and_not_an_unfinished_main(hub, repo, files):
    repo.tags["openvino-2026.10.0-int4"] = repo.commit({**files, "LICENSE": b"newer"})
    repo.commit(without(files, "transformer/openvino_model.bin"))
    lines = []
    assert fetch(NAME, lines.append).name == repo.tags["openvino-2026.10.0-int4"]
    assert "openvino-2026.10.0-int4 is the newest tag" in lines[0]
    # A Hub that does not tell the history: by the versions in the names
    hub.faults = [Fault("/commits/", 404)]
    assert quietly(NAME).name == repo.tags["openvino-2026.10.0-int4"]


def test_a_tag_at_the_head_is_the_newest_whatever_its_name(repo, files):
    repo.tags["a"] = repo.commit({**files, "LICENSE": b"newer"})
    assert quietly(NAME).name == repo.tags["a"]


def test_without_tags_it_is_main(repo):
    repo.tags.clear()
    assert quietly(NAME).name == repo.main


@pytest.mark.parametrize("known", ["tree", "no tree"])
def test_a_commit_in_the_cache_is_not_asked_for(hub, repo, known):
    name = f"{NAME}@{repo.main}"
    folder = quietly(name)
    if known == "no tree":  # as other clients, and the builder of a Space, leave the cache
        shutil.rmtree(folder.parents[1] / "trees")
        from huggingface_hub import _tree_cache

        _tree_cache._IN_MEMORY_TREE_CACHE.clear()
    hub.requests.clear()
    assert quietly(name) == quietly(name, fetch_description) == quietly(name, resolve) == folder
    assert hub.requests == []


def test_a_description_is_small_and_its_folder_is_completed(hub, repo):
    folder = quietly(NAME, fetch_description)
    assert json.loads((folder / MANIFEST).read_text())["family"] == "flow"
    assert (folder / "transformer" / "config.json").is_file()
    assert not list(folder.rglob("*.bin"))
    assert not [line for line in hub.requests if "/blobs/" in line]
    assert quietly(f"{NAME}@{folder.name}") == folder
    verify(folder)


def test_a_tag_that_moved_is_followed(repo, files, offline):
    first = quietly(f"{NAME}@{TAG}")
    repo.tags[TAG] = repo.commit({**files, "LICENSE": b"newer"})
    second = quietly(f"{NAME}@{TAG}")
    assert second.name == repo.main != first.name
    offline()
    assert quietly(f"{NAME}@{TAG}") == second


@pytest.mark.parametrize("name", [NAME, f"{NAME}@{TAG}"])
def test_offline_the_cache_does(hub, repo, offline, name):
    folder = quietly(name)
    offline()
    hub.requests.clear()
    assert quietly(name) == quietly(name, fetch_description) == folder
    assert hub.requests == []


@pytest.mark.parametrize("name", [NAME, f"{NAME}@{TAG}"])
def test_the_cache_does_while_the_hub_is_gone(hub, repo, name):
    folder = quietly(name)
    hub.faults = [Fault("", 503, times=1000)]
    assert quietly(name) == folder


def test_what_is_not_cached_and_cannot_be_fetched_is_said(hub, repo, offline):
    hub.faults = [Fault("", 503, times=1000)]
    assert "failed 6 times with error 503" in refused(NAME)
    offline()
    for name in (NAME, f"{NAME}@{TAG}", f"{NAME}@{repo.main}"):
        assert "HF_HUB_OFFLINE forbids to fetch it" in refused(name)


def test_half_a_model_in_the_cache_is_completed_or_refused(repo, monkeypatch):
    folder = quietly(f"{NAME}@{TAG}")
    (folder / "transformer" / "openvino_model.bin").resolve().unlink()
    with monkeypatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        for name in (NAME, f"{NAME}@{TAG}", f"{NAME}@{folder.name}"):
            assert "partly in the cache, and HF_HUB_OFFLINE" in refused(name)
    verify(quietly(f"{NAME}@{TAG}"))


@pytest.mark.parametrize("name", ["transformer/openvino_model.bin", "tokenizer/tokenizer.json", MANIFEST])
def test_a_file_that_was_tampered_with_is_fetched_again(repo, name, offline):
    folder = quietly(f"{NAME}@{TAG}")
    blob = (folder / name).resolve()
    original = blob.read_bytes()
    spoilt = b"x" + original[1:]
    blob.write_bytes(spoilt)
    quietly(f"{NAME}@{TAG}")
    assert (folder / name).read_bytes() == original
    (folder / name).resolve().write_bytes(spoilt)
    offline()
    assert "is damaged" in refused(f"{NAME}@{TAG}")


def test_ctrl_c_does_not_wait_for_a_slow_file(hub, repo):
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    released, waited = threading.Event(), []

    def stall():
        os.kill(os.getpid(), signal.SIGINT)
        waited.append(released.wait(30))

    hub.faults = [Fault("GET /blobs/", stall)]
    try:
        with pytest.raises(KeyboardInterrupt):
            quietly(NAME)
        assert waited == []
    finally:
        released.set()
        signal.signal(signal.SIGINT, handler)
    verify(quietly(NAME))


PLACES = ["/refs$", "/revision/", "/tree/", "HEAD .*model_index.json", "GET .*/resolve/", "HEAD .*bin$", "GET /blobs/"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("kind", "times"), [(500, 2), (429, 1), ("drop", 1)])
def test_what_passes_is_tried_again(hub, repo, place, kind, times):
    hub.faults = [Fault(place, kind, times)]
    verify(quietly(NAME))
    assert hub.faults[0].times == 0


def test_every_file_may_fail_twice(hub, repo, files):
    hub.faults = [Fault(f"GET .*/resolve/.*{name}$", 500, times=2) for name in files]
    hub.faults += [Fault("GET /blobs/", "drop", times=4)]
    verify(quietly(NAME))


@pytest.mark.parametrize("place", ["GET /blobs/", "GET .*/resolve/.*tokenizer.json", f"GET .*/resolve/.*{MANIFEST}"])
def test_a_flipped_byte_is_fetched_again_once(hub, repo, place):
    hub.faults = [Fault(place, "flip")]
    verify(quietly(NAME))
    assert hub.faults[0].times == 0


@pytest.mark.parametrize("place", ["GET /blobs/", "GET .*/resolve/.*tokenizer.json"])
def test_a_byte_that_stays_flipped_is_refused(hub, repo, place):
    hub.faults = [Fault(place, "flip", times=1000)]
    assert "also when fetched again" in refused(NAME)
    with pytest.raises(SanaError, match="also when fetched again"):
        SanaPipeline.from_pretrained(NAME, tell=lambda line: None)


@pytest.mark.parametrize("name", ["transformer/openvino_model.bin", "tokenizer/tokenizer.json"])
@pytest.mark.parametrize("how", ["not in the tree", "not served"])
def test_a_repo_that_lacks_a_file_is_refused(hub, files, name, how):
    hub.add(NAME, without(files, name) if how == "not in the tree" else files)
    if how == "not served":
        hub.faults = [Fault(f"/resolve/.*{name}", 404, times=1000)]
    line = refused(NAME)
    assert name in line
    with pytest.raises(SanaError, match=name):
        SanaPipeline.from_pretrained(NAME, tell=lambda line: None)


def test_a_newer_format_is_refused_before_the_weights(hub, files):
    hub.add(NAME, with_manifest(files, format_version=FORMAT_VERSION + 1))
    assert "update the program" in refused(NAME)
    assert not [line for line in hub.requests if "/blobs/" in line]


def test_a_manifest_that_points_outside_is_refused(hub, files):
    listed = json.loads(files[MANIFEST])["files"]
    hub.add(NAME, with_manifest(files, files={**listed, "../../../refs/main": {"size": 1, "sha256": ""}}))
    assert "outside of the folder" in refused(NAME)


def test_a_checkpoint_is_refused_with_the_command_that_converts_it(hub):
    hub.add(NAME, {"model_index.json": b"{}", "transformer/diffusion_pytorch_model.safetensors": b"x"})
    for call in (fetch, fetch_description):
        assert f"python precompile.py --model {NAME} --output sana-ir-openvino" in refused(NAME, call)


def test_other_refusals(hub, repo, files, monkeypatch):
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


def test_a_token_opens_a_private_repo(hub, files, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", WRITE)
    hub.add("tester/secret", files, private=True)
    verify(quietly("tester/secret"))


def test_a_repo_of_optimum_intel_is_fetched_unverified(hub, files):
    extra = {"openvino_model.xml": b"", "vae_encoder/openvino_model.bin": b"x", "vae_decoder/config.json": b"{"}
    hub.add(NAME, {**without(files, MANIFEST, "text_encoder/prefix.safetensors"), **extra})
    assert not list(quietly(NAME, fetch_description).rglob("*.bin"))
    folder = quietly(NAME)
    assert (folder / "tokenizer" / "tokenizer.json").is_file()
    assert len(list(folder.rglob("*.bin"))) == 3
    lines = []
    with pytest.raises(SanaError, match="cannot be read"):  # nothing finds that before it is needed
        SanaPipeline.from_pretrained(NAME, tell=lines.append)
    assert any("optimum-intel and has no manifest: it is loaded unverified" in line for line in lines)


def test_of_a_checkpoint_only_the_variant_to_be_read_is_fetched(hub):
    weights = "diffusion_pytorch_model"
    stored = {f"{part}/config.json": b"{}" for part in ("text_encoder", "transformer", "vae")}
    stored |= {"model_index.json": b"{}", "README.md": b"", "asset/logo.png": b"x", "LICENSE.txt": b"x"}
    for part, names in {
        "text_encoder": ("model.fp16-00001-of-00002", "model.fp16-00002-of-00002", "model-00001-of-00001"),
        "transformer": (f"{weights}.fp16", weights),
        "vae": (weights,),
    }.items():
        stored |= {f"{part}/{name}.safetensors": b"x" for name in names}
    hub.add("Efficient-Large-Model/Sana_600M_512px_diffusers", stored)
    hub.add("tester/tuned", stored)
    for name, fetched in (
        ("Efficient-Large-Model/Sana_600M_512px_diffusers", ["fp16", "fp16", "fp16", "vae"]),
        ("tester/tuned", ["text_encoder/model-0", "transformer/diff", "vae"]),
    ):
        source = find_checkpoint(name, lambda line: None)
        assert source.name == name
        paths = sorted(path.relative_to(source.folder).as_posix() for path in source.folder.rglob("*.safetensors"))
        assert len(paths) == len(fetched)
        assert all(part in path for part, path in zip(fetched, paths, strict=True))
        assert (source.folder / "LICENSE.txt").is_file()
        assert not (source.folder / "asset").exists()
    vae = find_vae("tester/tuned@main", lambda line: None)
    assert (vae.folder / "vae" / f"{weights}.safetensors").is_file()
    hub.add(
        "mit-han-lab/lite", {"config.json": b"{}", f"{weights}.safetensors": b"x", f"old/{weights}.safetensors": b"x"}
    )
    lite = find_vae("mit-han-lab/lite", lambda line: None).folder
    assert sorted(path.name for path in lite.rglob("*") if path.is_file()) == ["config.json", f"{weights}.safetensors"]


def test_a_local_checkpoint_is_not_asked_for(hub, tmp_path, monkeypatch):
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint("owner/name", print) == (Path("owner/name"), None)
    assert find_checkpoint("./missing", print) == (Path("missing"), None)
    assert hub.requests == []


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
def test_names(text, expected):
    assert HubName.parse(text) == expected
