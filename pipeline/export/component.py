"""One component from checkpoint to IR: load, convert, measure, compress, save, measure again, free.

The torch model's weights are mapped from their files, and freed with the model converted from it, which reads them
there: before the next component, and before the finished one is measured.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import ArtifactError
from . import networks
from .checkpoint import Checkpoint
from .compress import Precision, compress
from .convert import convert, release, save
from .measure import check_floor, measure, measure_in_pieces
from .networks import Network
from .prefix import PREFIX, write_prefix
from .preview import fit_draft_preview, fit_preview, random_latents
from .reference import Calibration, Reference

CONVERSION_FLOOR = 70.0  # dB of the f32 IR against torch; only the order of additions differs


def export_text_encoder(
    checkpoint: Checkpoint, precision: Precision, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Writes IR, config and prefix of the text encoder; returns its record for the manifest."""
    tokenizer = checkpoint.load_tokenizer()
    prefix_ids = tokenizer("\n".join(checkpoint.instruction)).input_ids
    prompt_ids = tokenizer(networks.PROMPT).input_ids

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("text_encoder")
        longest = len(prefix_ids) + checkpoint.max_sequence_length
        if longest > model.config.sliding_window:
            raise ArtifactError(
                f"{checkpoint.folder} reads prompts of {longest} tokens, more than the text encoder's sliding window "
                f"of {model.config.sliding_window}, which is not supported."
            )
        write_prefix(model, prefix_ids, folder / PREFIX)
        _write_config(model.config.to_json_string(), folder)
        reference.encode(model, folder / PREFIX)
        return networks.text_encoder(model, prefix_ids, prompt_ids), []

    return _export("text_encoder", build, precision, folder)


def export_transformer(
    checkpoint: Checkpoint, precision: Precision, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Writes IR and config of the transformer; returns its record for the manifest."""

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("transformer")
        _write_config(model.to_json_string(), folder)
        given = reference.denoise(model)
        return networks.transformer(model), given

    return _export("transformer", build, precision, folder)


def export_vae_decoder(
    checkpoint: Checkpoint, precision: Precision, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Writes IR and config of the VAE decoder; its record holds the preview's map as well, as "preview"."""
    preview: dict[str, list] = {}

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("vae")
        _write_config(model.to_json_string(), folder)
        given = reference.decode(model)
        preview.update(fit_preview(model, random_latents(model)))
        return networks.vae_decoder(model), given

    return {**_export("vae_decoder", build, precision, folder), "preview": preview}


def export_draft_decoder(
    checkpoint: Checkpoint, precision: Precision, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Writes the IR of the draft decoder; its record also holds the "preview" map of its features, and as "draft_db"
    how far its pictures are from the VAE decoder's."""
    assert checkpoint.draft
    decoder = checkpoint.load_draft(checkpoint.draft)
    latents = random_latents(checkpoint.load_model("vae"))
    quality = {"preview": fit_draft_preview(decoder, latents), "draft_db": reference.measure_draft(decoder)}

    def build() -> tuple[Network, Calibration]:
        return networks.draft_decoder(decoder, latents), []

    return {**_export("draft_decoder", build, precision, folder), **quality}


def _export(
    name: str, build: Callable[[], tuple[Network, Calibration]], precision: Precision, folder: Path
) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    network, calibration = build()
    model, samples = convert(network.module, network.example), network.samples
    converted = measure_in_pieces(model, samples)
    check_floor(name, "conversion", converted, CONVERSION_FLOOR)
    model, record = compress(model, precision, calibration)
    path = save(model, folder)
    samples[-1].save(folder)  # the smallest: what a machine that computes otherwise is tested with
    del model
    release(network.module)
    decibels = measure(path, samples)  # of the file, as it will be read
    check_floor(name, f"{precision.name} compression", decibels, precision.floor)
    return {**record, "conversion_db": round(converted, 1), "parity_db": round(decibels, 1)}


def _write_config(text: str, folder: Path) -> None:
    """The model's full configuration, defaults included, which older checkpoints leave out of their files."""
    config = json.loads(text)
    config.pop("_name_or_path", None)  # a path of this machine
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
