"""The export of one component: load, convert, measure, compress, save, free, and measure again.

The weights of the torch model are mapped from its files, and the converted model reads them there. Both are freed
together, before the finished component is measured and the next one is loaded.
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
from .preview_fit import fit_draft_preview, fit_preview
from .reference import Calibration, Reference

# PSNR in dB of the f32 IR against torch. Chosen: only the order of additions may differ, which costs less than that.
CONVERSION_FLOOR = 70.0


def export_text_encoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write the text encoder's IR, configuration and prefix; return its record for the manifest."""
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
    """Write the transformer's IR and configuration; return its record for the manifest."""

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("transformer")
        _write_config(model.to_json_string(), folder)
        given = reference.denoise(model)
        return transformer(model, checkpoint.model.family), given

    return _export("transformer", build, recipe, folder)


def export_vae_decoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write the VAE decoder's IR and configuration; return its record for the manifest.

    The record also holds the map of previews as "preview".
    """
    preview: dict[str, list[Any]] = {}

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("vae")
        _write_config(model.to_json_string(), folder)
        given = reference.decode(model)
        preview.update(fit_preview(model, reference.encode_random_pictures(model)))
        return vae_decoder(model), given

    return {**_export(VAE_DECODER, build, recipe, folder), "preview": preview}


def export_vae_encoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write the VAE encoder's IR and configuration; return its record for the manifest."""

    def build() -> tuple[Network, Calibration]:
        model = checkpoint.load_model("vae")
        _write_config(model.to_json_string(), folder)
        given = reference.encode_pictures(model)
        return vae_encoder(model), given

    return _export(VAE_ENCODER, build, recipe, folder)


def export_draft_decoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write the draft decoder's IR; return its record for the manifest.

    The record also holds the map of previews from the decoder's features as "preview", and the PSNR in dB of its
    pictures against the VAE decoder's as "draft_db".
    """
    decoder = checkpoint.load_draft(DRAFT_DECODER)
    latents = reference.random_latents()
    quality = {"preview": fit_draft_preview(decoder, latents), "draft_db": reference.measure_draft_decoder(decoder)}

    def build() -> tuple[Network, Calibration]:
        return draft_decoder(decoder, latents), []

    return {**_export(DRAFT_DECODER, build, recipe, folder), **quality}


def export_draft_encoder(
    checkpoint: Checkpoint, recipe: CompressionRecipe, folder: Path, reference: Reference
) -> dict[str, Any]:
    """Write the draft encoder's IR; return its record for the manifest.

    The record also holds the PSNR in dB of its latents against the VAE encoder's as "draft_db".
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
    samples[-1].save(folder)  # the smallest one, for the test of a machine's fast precision (runtime/precision.py)
    del model
    release(network.module)
    decibels = measure(path, samples)  # of the saved file
    check_floor(name, f"{recipe.name} compression", decibels, recipe.floor)
    return {**record, "conversion_db": round(converted, 1), "parity_db": round(decibels, 1)}


def _write_config(text: str, folder: Path) -> None:
    """Write the model's whole configuration. The checkpoint's own file may lack entries that have a default."""
    config = json.loads(text)
    config.pop("_name_or_path", None)  # a path on this machine
    write_whole(folder / "config.json", json.dumps(config, indent=2, sort_keys=True) + "\n")
