"""One component from checkpoint to IR: load, convert, measure, compress, save, measure again, free.

The torch model's weights are mapped from their files. The converted model reads them there, so that both are freed
together: before the next component, and before the finished one is measured.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..model_folder.folder_layout import DRAFT_DECODER, DRAFT_ENCODER, VAE_DECODER, VAE_ENCODER
from ..model_folder.whole_files import write_whole
from .checkpoint import Checkpoint
from .compression import compress
from .compression_recipes import CompressionRecipe
from .convert import convert, release, save
from .measure import check_floor, measure, measure_in_pieces
from .networks import (
    PROMPT,
    Network,
    draft_decoder,
    draft_encoder,
    text_encoder,
    transformer,
    vae_decoder,
    vae_encoder,
)
from .prefix import PREFIX, write_prefix
from .preview_fit import fit_draft_preview, fit_preview, random_latents
from .reference import Calibration, Reference

CONVERSION_FLOOR = 70.0  # dB of the f32 IR against torch; only the order of additions differs


def export_text_encoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write IR, config and prefix of the text encoder; return its record for the manifest."""
    tokenizer = checkpoint.load_tokenizer()
    prefix_ids = tokenizer("\n".join(checkpoint.instruction)).input_ids
    prompt_ids = tokenizer(PROMPT).input_ids

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("text_encoder")
        write_prefix(model, prefix_ids, folder / PREFIX)
        _write_config(model.config.to_json_string(), folder)
        reference.encode(model, folder / PREFIX)
        return text_encoder(model, prefix_ids, prompt_ids), []

    return _export("text_encoder", build, recipe, folder)


def export_transformer(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write IR and config of the transformer; return its record for the manifest."""

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("transformer")
        _write_config(model.to_json_string(), folder)
        given = reference.denoise(model)
        return transformer(model, checkpoint.model.family), given

    return _export("transformer", build, recipe, folder)


def export_vae_decoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write IR and config of the VAE decoder; return its record, which also holds the preview's map as "preview"."""
    preview: dict[str, list] = {}

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("vae")
        _write_config(model.to_json_string(), folder)
        given = reference.decode(model)
        preview.update(fit_preview(model, random_latents(model)))
        return vae_decoder(model), given

    return {**_export(VAE_DECODER, build, recipe, folder), "preview": preview}


def export_vae_encoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write IR and config of the VAE encoder; return its record for the manifest."""

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("vae")
        _write_config(model.to_json_string(), folder)
        given = reference.encode_pictures(model)
        return vae_encoder(model), given

    return _export(VAE_ENCODER, build, recipe, folder)


def export_draft_decoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write the IR of the draft decoder; return its record.

    The record also holds the "preview" map of the decoder's features, and as "draft_db" the PSNR in dB of its pictures
    against the VAE decoder's.
    """
    decoder = checkpoint.load_draft(DRAFT_DECODER)
    latents = random_latents(checkpoint.load_model("vae"))
    quality = {"preview": fit_draft_preview(decoder, latents), "draft_db": reference.measure_draft_decoder(decoder)}

    def build() -> tuple[Network, Calibration]:
        return draft_decoder(decoder, latents), []

    return {**_export(DRAFT_DECODER, build, recipe, folder), **quality}


def export_draft_encoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write the IR of the draft encoder; return its record.

    The record also holds as "draft_db" the PSNR in dB of its latents against the VAE encoder's.
    """
    encoder = checkpoint.load_draft(DRAFT_ENCODER)
    quality = {"draft_db": reference.measure_draft_encoder(encoder)}

    def build() -> tuple[Network, Calibration]:
        return draft_encoder(encoder), []

    return {**_export(DRAFT_ENCODER, build, recipe, folder), **quality}


def _export(
    name: str, build: Callable[[], tuple[Network, Calibration]], recipe: CompressionRecipe, folder: Path
) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    network, calibration = build()
    model, samples = convert(network.module, network.example), network.samples
    converted = measure_in_pieces(model, samples)
    check_floor(name, "conversion", converted, CONVERSION_FLOOR)
    model, record = compress(model, recipe, calibration)
    path = save(model, folder)
    samples[-1].save(folder)  # the smallest: what a machine that computes otherwise is tested with
    del model
    release(network.module)
    decibels = measure(path, samples)  # of the file, as it will be read
    check_floor(name, f"{recipe.name} compression", decibels, recipe.floor)
    return {**record, "conversion_db": round(converted, 1), "parity_db": round(decibels, 1)}


def _write_config(text: str, folder: Path) -> None:
    """Write the model's full configuration, defaults included, which older checkpoints leave out of their files."""
    config = json.loads(text)
    config.pop("_name_or_path", None)  # a path of this machine
    write_whole(folder / "config.json", json.dumps(config, indent=2, sort_keys=True) + "\n")
