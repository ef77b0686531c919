"""Damaged folders and folders with bad intent: one sentence that names file and field, and nothing else happens."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
import torch
from openvino import opset13
from safetensors.numpy import save_file

from pipeline.domain.errors import ArtifactError, SanaError
from pipeline.export.checkpoint_files import copied_files, read_checkpoint_files
from pipeline.export.weights import read_weight_files
from pipeline.generation.model_check import _check
from pipeline.generation.scheduler_check import check_scheduler
from pipeline.generation.text_encoder import Prefix
from pipeline.model_folder.configurations import read_configurations
from pipeline.model_folder.description import describe_folder
from pipeline.model_folder.folder_layout import MANIFEST
from pipeline.model_folder.tokenizer_and_scheduler import load_tokenizer, new_scheduler
from tests import model_files, tiny_checkpoint
from tests.model_files import CHECKPOINT, IR, OPTIMUM, edit, list_files, write_files

LAYOUTS = [IR, OPTIMUM, CHECKPOINT]
NAN, INFINITY = float("nan"), float("inf")


def read(folder: Path, layout: str) -> Any:
    return read_checkpoint_files(folder, []) if layout == CHECKPOINT else describe_folder(folder)


def refusal(call: Callable[..., object], *arguments: object) -> str:
    """Return the one sentence that a call ends with."""
    with pytest.raises(SanaError) as caught:
        call(*arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 700
    return sentence


def replace(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def repeat_first_key(path: Path) -> None:
    text = path.read_text()
    path.write_text(f"{{{json.dumps(next(iter(json.loads(text))))}: 1, {text[1:]}")


def move_out(path: Path) -> None:
    """Leave a link to the file, which lies beside the folder from now on."""
    outside = Path(tempfile.mkdtemp(dir=path.parents[2])) / path.name
    path.rename(outside)
    path.symlink_to(outside)


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "list": lambda path: path.write_text("[]"),
    "null": lambda path: path.write_text("null"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "deep": lambda path: path.write_text('{"a":' * 100_000 + "1" + "}" * 100_000),
    "huge number": lambda path: path.write_text(f'{{"a": {"9" * 5000}}}'),
    "BOM": lambda path: path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes()),
    "no UTF-8": lambda path: path.write_bytes(path.read_bytes()[:-1] + b',"\xff": 1}'),
    "a key twice": repeat_first_key,
    "large": lambda path: os.truncate(path, 17 << 20),
    "folder": replace(lambda path: path.mkdir()),
    "pipe": replace(os.mkfifo),
    "link out": move_out,
    "link in a circle": replace(lambda path: path.symlink_to(path)),
}
FILES = {
    "model_index.json": LAYOUTS,
    "scheduler/scheduler_config.json": LAYOUTS,
    "text_encoder/config.json": [IR, CHECKPOINT],
    "transformer/config.json": LAYOUTS,
    "vae_decoder/config.json": [IR, OPTIMUM],
    "vae/config.json": [CHECKPOINT],
    "tokenizer/tokenizer_config.json": [OPTIMUM, CHECKPOINT],
    "sana.json": [CHECKPOINT],
    MANIFEST: [IR],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(tmp_path: Path, layout: str, damage: str) -> None:
    for name in [name for name, layouts in FILES.items() if layout in layouts]:
        folder = write_files(tmp_path / name.replace("/", "-"), layout)
        DAMAGES[damage](folder / name)
        assert name in refusal(read, folder, layout), name
        if layout == IR and name != MANIFEST and damage not in ("link in a circle", "pipe"):
            folder = write_files(tmp_path / f"listed-{name.replace('/', '-')}", layout)
            DAMAGES[damage](folder / name)
            list_files(folder)  # as it is
            assert name in refusal(read, folder, layout), name


FIELDS = [
    *(("transformer/config.json", field, value) for field in ("sample_size", "in_channels", "num_layers", "patch_size")
      for value in (None, "8", 0, -1, 1.5, 10**30, True if field != "patch_size" else 2, [8])),
    *(("transformer/config.json", field, value) for field in ("timestep_scale", "guidance_embeds_scale", "mlp_ratio")
      for value in (NAN, INFINITY, -1, 0, "1", None)),
    ("transformer/config.json", "caption_channels", 65),
    ("transformer/config.json", "out_channels", 64),
    ("transformer/config.json", "guidance_embeds", True),
    ("transformer/config.json", "guidance_embeds", "no"),
    ("transformer/config.json", "auto_map", {"AutoModel": "evil.Model"}),
    ("transformer/config.json", "_class_name", "SanaVideoTransformer3DModel"),
    ("text_encoder/config.json", "model_type", "llama"),
    ("text_encoder/config.json", "num_hidden_layers", 10**6),
    ("text_encoder/config.json", "auto_map", {"AutoModel": "evil.Model"}),
    ("tokenizer/tokenizer_config.json", "auto_map", {"AutoTokenizer": ["evil.T", None]}),
    ("tokenizer/tokenizer_config.json", "model_max_length", "long"),
    *(("scheduler/scheduler_config.json", *rest) for rest in (
        ("prediction_type", "epsilon"), ("prediction_type", ...), ("use_flow_sigmas", False), ("flow_shift", NAN),
        ("num_train_timesteps", 10**9), ("num_train_timesteps", "many"), ("solver_order", 9))),
    *(("vae/config.json", *rest) for rest in (
        ("latent_channels", 16), ("scaling_factor", 0), ("scaling_factor", NAN), ("scaling_factor", [1]),
        ("decoder_block_out_channels", [1, 2, 3]), ("decoder_block_out_channels", []),
        ("decoder_layers_per_block", [10**9] * 6), ("_class_name", "AutoencoderKL"))),
    *(("model_index.json", *rest) for rest in (
        ("_class_name", ...), ("_class_name", 7), ("_class_name", "FluxPipeline"),
        ("_class_name", "SanaSprintPipeline"),
        ("scheduler", None), ("scheduler", ["diffusers"]), ("scheduler", [["diffusers"], 1]),
        ("scheduler", ["diffusers", "DDIMScheduler"]), ("scheduler", ["diffusers", "SCMScheduler"]),
        ("scheduler", ["os", "system"]), ("scheduler", ["diffusers", "__builtins__"]),
        ("tokenizer", ["transformers", "AutoTokenizer"]), ("tokenizer", ["transformers", "pipeline"]),
        ("tokenizer", ["diffusers", "PreTrainedTokenizerFast"]), ("tokenizer", ["transformers", "T5Tokenizer"]))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field", "value"), FIELDS)
def test_a_field_of_another_kind_is_named_in_every_layout(tmp_path: Path, name: str, field: str, value: object) -> None:
    for layout in LAYOUTS:
        folder = write_files(tmp_path / layout, layout)
        own = name if layout == CHECKPOINT else name.replace("vae/", "vae_decoder/")
        edit(folder / own, field, value)
        if layout == IR:
            list_files(folder)
        sentence = refusal(read, folder, layout)
        # What does not fit together is said of the parts that do not.
        assert (
            field in sentence
            or own in sentence
            or own.partition("/")[0] in sentence
            or "channels" in sentence
            or "family" in sentence
        )
        assert str(folder) in sentence


VALUES: dict[str, list[Any]] = {
    "source": [None, "", 7, ["x"], "x" * 1000, ...],
    "family": [None, "flux", ["flow"]],
    "compression": [None, {}],
    "components": [None, [], {"transformer": 1}, {"transformer": {"parity_db": NAN}}],
    "pictures": [None, {}, [1], [{"prompt": 1}], [{"prompt": "x", "ssim": "1"}]],
    "tools": [None, {"openvino": 1}, []],
    "defaults": [...],
    "defaults.width": [..., 250, 10**12, "256", True, 256.0],
    "defaults.guidance_scale": [NAN, INFINITY, -1, "4"],
    "defaults.num_inference_steps": [0, 10**6, None],
    "complex_human_instruction": [None, "text", [1], ["x" * 10**5]],
    "max_sequence_length": [None, 0, 10**12, 1.5],
    "preview": [None, [], {"matrix": "x"}, {"matrix": [[NAN]]}, ...],
    "files": [None, [], {}, {"model_index.json": 1}, ...],
    "format_version": [None, "2", 1, 3, 10**40],
    "surprise": [1],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in VALUES.items() for value in values])
def test_a_manifest_with_a_field_of_another_kind_is_refused(tmp_path: Path, field: str, value: object) -> None:
    folder = write_files(tmp_path / "ir", IR)
    edit(folder / MANIFEST, field, value)
    sentence = refusal(describe_folder, folder)
    assert str(folder) in sentence
    assert field.partition(".")[0].partition("_")[0] in sentence or f"{MANIFEST} does not list" in sentence


@pytest.mark.parametrize(
    "name",
    [
        "../out",
        "/etc/passwd",
        "a/../../out",
        "a\\..\\out",
        "C:/out",
        "",
        ".",
        "./a",
        "a//b",
        "a\0b",
        "x" * 300,
        "\ud800",
    ],
)
def test_a_name_that_leads_out_is_no_name_of_a_file(tmp_path: Path, name: str) -> None:
    folder = write_files(tmp_path / "ir", IR)
    record = json.loads((folder / MANIFEST).read_text())
    record["files"][name] = {"size": 1, "sha256": "0" * 64}
    (folder / MANIFEST).write_text(json.dumps(record))
    assert MANIFEST in refusal(describe_folder, folder)


@pytest.mark.parametrize("entry", [{"size": -1}, {"size": "1"}, {"size": 10**40}, {"sha256": None}, {"sha256": "../x"}])
def test_an_entry_that_lies_is_refused(tmp_path: Path, entry: dict[str, Any]) -> None:
    folder = write_files(tmp_path / "ir", IR)
    record = json.loads((folder / MANIFEST).read_text())
    record["files"]["model_index.json"] |= entry
    (folder / MANIFEST).write_text(json.dumps(record))
    assert f"files.model_index.json.{next(iter(entry))}" in refusal(describe_folder, folder)


@pytest.mark.parametrize(
    "name", ["README.md", "LICENSE", "draft_decoder.safetensors", "tokenizer/more.json", "tokenizer"]
)
def test_no_link_out_of_a_checkpoint_is_followed(tmp_path: Path, name: str) -> None:
    folder = write_files(tmp_path / "checkpoint", CHECKPOINT)
    (tmp_path / "secret").mkdir()
    if name == "tokenizer":
        shutil.rmtree(folder / name)
    (folder / name).symlink_to(tmp_path / "secret")
    assert f"{name} is a link out of" in refusal(read, folder, CHECKPOINT)


def test_links_within_the_cache_of_the_hubs_client_are_its_own(tmp_path: Path) -> None:
    repo = tmp_path / "models--owner--name"
    folder = write_files(repo / "snapshots" / "0123", CHECKPOINT)
    for number, path in enumerate(path for path in sorted(folder.rglob("*")) if path.is_file()):
        blobs = (repo if number % 2 else tmp_path) / "blobs"  # one for each repo, and one for all
        blobs.mkdir(exist_ok=True)
        path.rename(blobs / str(number))
        path.symlink_to(os.path.relpath(blobs / str(number), path.parent))
    read(folder, CHECKPOINT)
    (folder / "sana.json").unlink()
    (folder / "sana.json").symlink_to(write_files(tmp_path / "other", CHECKPOINT) / "sana.json")
    assert "sana.json is a link out of" in refusal(read, folder, CHECKPOINT)


def test_neither_code_nor_pickles_go_into_the_output(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "checkpoint", CHECKPOINT)
    for name in ("evil.py", "vocabulary.pkl", "model.bin", "added_tokens.json", "chat_template.jinja"):
        (folder / "tokenizer" / name).touch()
    copied = {name for name in copied_files(read(folder, CHECKPOINT)) if name.startswith("tokenizer/")}
    assert copied == {
        f"tokenizer/{name}" for name in ("added_tokens.json", "chat_template.jinja", "tokenizer_config.json")
    }


def test_quantised_weights_are_refused_by_the_configuration(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "checkpoint", CHECKPOINT)
    edit(folder / "transformer" / "config.json", "quantization_config", {"quant_method": "bitsandbytes"})
    assert "quantization_config" in refusal(read, folder, CHECKPOINT)


def header(change: Callable[[Any], object]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = path.read_bytes()
        length = int.from_bytes(content[:8], "little")
        text = json.dumps(change(json.loads(content[8 : 8 + length]))).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes((2**63).to_bytes(8, "little") + b"{}"),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"more"),
        header(lambda record: []),
        header(lambda record: {"a": {**record["a"], "shape": [10**30]}}),
        header(lambda record: {"a": {**record["a"], "shape": [-4]}}),
        header(lambda record: {"a": {**record["a"], "dtype": "EVIL"}}),
        header(lambda record: {"a": {**record["a"], "data_offsets": [0, 10**15]}}),
        header(lambda record: {"a": None}),
    ],
)
def test_weights_whose_header_lies_are_refused(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.zeros(4, np.float32)}, path)
    damage(path)
    assert "model.safetensors is no safetensors file" in refusal(read_weight_files, tmp_path, [path], None)


@pytest.mark.parametrize("name", ["../../other.safetensors", "/other.safetensors", "other.safetensors", "a.bin", None])
def test_an_index_names_only_files_that_lie_beside_it(tmp_path: Path, name: str | None) -> None:
    path, index = tmp_path / "model.safetensors", tmp_path / "model.safetensors.index.json"
    save_file({"a": np.zeros(4, np.float32)}, path)
    index.write_text(json.dumps({"weight_map": {"a": name}}))
    assert "model.safetensors.index.json" in refusal(read_weight_files, tmp_path, [path, index], None)


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "pytorch_model.bin")
    assert "no .safetensors file" in refusal(read_weight_files, tmp_path, [tmp_path / "pytorch_model.bin"], None)


def test_weights_of_another_shape_than_the_configurations_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"weight": np.zeros((2, 3), np.float32), "bias": np.zeros(2, np.float32)}, path)
    weights = read_weight_files(tmp_path, [path], None)
    weights.check(lambda: torch.nn.Linear(3, 2))
    assert "of shape (2, 3); its config.json asks for (4, 3)" in refusal(weights.check, lambda: torch.nn.Linear(3, 4))
    assert "lacks 1 weights, the first is weight_g" in refusal(weights.check, lambda: Other())


class Other(torch.nn.Linear):
    def __init__(self) -> None:
        super().__init__(3, 2)
        self.weight_g = torch.nn.Parameter(torch.zeros(1))


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_files(tmp_path_factory.mktemp("tokenizer") / "model", CHECKPOINT)
    tiny_checkpoint.tokenizer().save_pretrained(folder / "tokenizer")
    return folder


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", {"type": "BPE9"}), ("pre_tokenizer", {"type": "Later"}), ("model.vocab", {"a": -1}), ("model", ...)],
)
def test_a_tokenizer_that_the_library_does_not_know_is_refused(
    tokenizer_folder: Path, tmp_path: Path, field: str, value: object
) -> None:
    folder = shutil.copytree(tokenizer_folder, tmp_path / "copy")
    configurations = read_configurations(folder, folder / "vae")
    assert load_tokenizer(folder / "tokenizer", configurations)
    edit(folder / "tokenizer" / "tokenizer.json", field, value)
    assert "tokenizer cannot be loaded" in refusal(load_tokenizer, folder / "tokenizer", configurations)


def test_a_tokenizer_of_another_text_encoder_is_refused(tokenizer_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tokenizer_folder, tmp_path / "copy")
    edit(folder / "text_encoder" / "config.json", "vocab_size", 300)
    configurations = read_configurations(folder, folder / "vae")
    assert "the text encoder knows 300" in refusal(load_tokenizer, folder / "tokenizer", configurations)


@pytest.mark.parametrize(
    ("field", "value"),
    [("algorithm_type", "other"), ("timestep_spacing", 7), ("beta_schedule", None), ("trained_betas", ["x"])],
)
def test_a_scheduler_that_fails_in_the_loop_is_refused(tmp_path: Path, field: str, value: object) -> None:
    folder = write_files(tmp_path / "checkpoint", CHECKPOINT)
    path = folder / "scheduler" / "scheduler_config.json"
    good = read_configurations(folder, folder / "vae")
    check_scheduler(path, good.index.family, good.transformer.model_dump(), lambda: new_scheduler(good))
    edit(path, field, value)
    bad = read_configurations(folder, folder / "vae")
    arguments = (path, bad.index.family, bad.transformer.model_dump(), lambda: new_scheduler(bad))
    assert "makes a scheduler that does not work" in refusal(check_scheduler, *arguments)


@pytest.mark.parametrize(
    ("inputs", "output", "reason"),
    [
        ({"latent": [1, 4, 8, 8]}, [1, 4, 8, 8], "has the inputs latent_sample; those of its part are latent"),
        ({"latent_sample": [1, 4, 8, 8], "guidance": [1]}, [1, 4, 8, 8], "has the inputs latent_sample"),
        ({"latent_sample": [1, 4, 8, 8]}, [1, 3, 8, 8], "it makes [1, 4, 8, 8] instead of [1, 3, 8, 8]"),
    ],
)
def test_ir_that_is_another_models_is_refused(
    tmp_path: Path, inputs: dict[str, list[int]], output: list[int], reason: str
) -> None:
    latent = opset13.parameter([1, 4, -1, -1], ov.Type.f32, name="latent_sample")
    model = ov.Model([opset13.relu(latent)], [latent])
    model.inputs[0].get_tensor().set_names({"latent_sample"})
    assert _check(tmp_path, model, {"latent_sample": [1, 4, 8, 8]}, [1, 4, 8, 8]) is model
    assert reason in refusal(_check, tmp_path / "openvino_model.xml", model, inputs, output)


@pytest.mark.parametrize(
    "change",
    [
        {"keys": None},
        {"more": np.zeros(1)},
        {"token_ids": np.zeros(3, np.float32)},
        {"token_ids": np.zeros((1, 3), np.int64)},
        {"keys": np.zeros((2, 2, 4, 8), np.float32)},
        {"values": np.zeros((1, 2, 3, 8), np.float32)},
        {"hidden_states": np.zeros((4, 8), np.float32)},
    ],
)
def test_a_prefix_whose_arrays_do_not_fit_is_refused(tmp_path: Path, change: dict[str, np.ndarray | None]) -> None:
    past = np.zeros((2, 2, 3, 8), np.float32)
    arrays = {"token_ids": np.zeros(3, np.int64), "keys": past, "values": past, "hidden_states": past[0, 0]}
    save_file(arrays, tmp_path / "prefix.safetensors")
    Prefix.load(tmp_path / "prefix.safetensors")
    save_file(
        {name: array for name, array in {**arrays, **change}.items() if array is not None},
        tmp_path / "prefix.safetensors",
    )
    assert "prefix.safetensors is no prefix" in refusal(Prefix.load, tmp_path / "prefix.safetensors")


def test_what_belongs_together_is_read(tmp_path: Path) -> None:
    for layout in LAYOUTS:
        read(write_files(tmp_path / layout, layout), layout)
    with pytest.raises(ArtifactError, match=r"has no manifest\.json"):
        describe_folder(tmp_path)
    assert describe_folder(tmp_path / IR).model == model_files.MODEL
