"""One component from checkpoint to IR: load, convert, measure, compress, save, measure again, free."""

import json
from pathlib import Path
from typing import Any

from ..errors import ArtifactError
from . import networks, parity
from .checkpoint import Checkpoint
from .compress import Precision, compress
from .convert import convert, save
from .networks import Network
from .prefix import PREFIX, write_prefix
from .preview import fit_preview

CONVERSION_FLOOR = 70.0  # dB of the f32 IR against torch; only the order of additions differs


def export_text_encoder(checkpoint: Checkpoint, precision: Precision, folder: Path) -> dict[str, Any]:
    """Writes IR, config and prefix of the text encoder; returns its record for the manifest."""
    tokenizer = checkpoint.load_tokenizer()
    prefix_ids = tokenizer("\n".join(checkpoint.instruction)).input_ids
    prompt_ids = tokenizer(networks.PROMPT).input_ids
    model = checkpoint.load_model("text_encoder")
    longest = len(prefix_ids) + checkpoint.max_sequence_length
    if longest > model.config.sliding_window:
        raise ArtifactError(
            f"{checkpoint.folder} reads prompts of {longest} tokens, more than the text encoder's sliding window of "
            f"{model.config.sliding_window}, which is not supported."
        )
    folder.mkdir(exist_ok=True)
    write_prefix(model, prefix_ids, folder / PREFIX)
    _write_config(model.config.to_json_string(), folder)
    return _export("text_encoder", networks.text_encoder(model, prefix_ids, prompt_ids), precision, folder)


def export_transformer(checkpoint: Checkpoint, precision: Precision, folder: Path) -> dict[str, Any]:
    """Writes IR and config of the transformer; returns its record for the manifest."""
    model = checkpoint.load_model("transformer")
    folder.mkdir(exist_ok=True)
    _write_config(model.to_json_string(), folder)
    return _export("transformer", networks.transformer(model), precision, folder)


def export_vae_decoder(checkpoint: Checkpoint, precision: Precision, folder: Path) -> dict[str, Any]:
    """Writes IR and config of the VAE decoder; its record holds the preview's map as well, as "preview"."""
    model = checkpoint.load_model("vae")
    folder.mkdir(exist_ok=True)
    _write_config(model.to_json_string(), folder)
    record = _export("vae_decoder", networks.vae_decoder(model), precision, folder)
    return {**record, "preview": fit_preview(model)}


def _export(name: str, network: Network, precision: Precision, folder: Path) -> dict[str, Any]:
    model = convert(network.module, network.example)
    parity.check(name, "conversion", parity.measure(model, network.samples), CONVERSION_FLOOR)
    model, record = compress(model, precision)
    path = save(model, folder)
    decibels = parity.measure(path, network.samples)  # of the file, as it will be read
    parity.check(name, f"{precision.name} compression", decibels, precision.floor)
    return {**record, "parity_db": round(decibels, 1)}


def _write_config(text: str, folder: Path) -> None:
    """The model's full configuration, defaults included, which older checkpoints leave out of their files."""
    config = json.loads(text)
    config.pop("_name_or_path", None)  # a path of this machine
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
