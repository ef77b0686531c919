"""Turns a diffusers checkpoint into an OpenVINO IR folder; the only place that loads torch models or NNCF."""

import dataclasses
import json
import shutil
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from ..artifacts import DRAFT_DECODER, FORMAT_VERSION, TOOLS, VAE_DECODER, Manifest, describe_files, read_json
from ..errors import SanaError
from .checkpoint import Checkpoint, read_checkpoint
from .component import export_draft_decoder, export_text_encoder, export_transformer, export_vae_decoder
from .compress import FP16, RECIPES
from .folder import Inputs, Partial, is_complete
from .quiet import quiet
from .reference import Reference
from .report import tell_parity
from .room import check_room

__all__ = ["precompile"]

STAGES = {
    "text_encoder": export_text_encoder,
    "transformer": export_transformer,
    VAE_DECODER: export_vae_decoder,
    DRAFT_DECODER: export_draft_decoder,
}


def precompile(
    checkpoint: str | Path,
    output: str | Path,
    compression: str = "fp16",
    vae: str | Path | None = None,
    name: str | None = None,
    progress: Callable[[str], object] = print,
) -> Path:
    """Writes the IR folder `output` of a checkpoint in diffusers' layout and returns its path.

    Made aside, so that `output` is complete or absent; an interrupted run is continued by the next one with the same
    inputs, and a complete folder is left as it is. `vae` is the folder of another autoencoder for the same latents,
    or the file of a draft decoder to have beside the checkpoint's own; `name` is what the checkpoint is called, where
    its folder does not tell. `progress` gets a line for each stage, and a table of what was measured.

    Raises:
        SanaError: a checkpoint that cannot be exported, an `output` that holds something else, too little disk or
            memory, or a component whose parity with torch is below its floor.
    """
    if compression not in RECIPES:
        raise SanaError(f"There is no compression {compression!r}; choose from {', '.join(RECIPES)}.")
    source = read_checkpoint(Path(checkpoint).expanduser(), Path(vae).expanduser() if vae else None, name)
    output = Path(output).expanduser().resolve()
    inputs = Inputs(source.fingerprint, compression, {tool: version(tool) for tool in TOOLS})
    if is_complete(output, inputs):
        progress(f"{output} is complete and up to date: nothing to do.")
        return output
    check_room(source, output, compression)
    partial = Partial(output, inputs)
    reference = Reference(source, partial.reference)
    for name, export in STAGES.items():
        if name == DRAFT_DECODER and source.draft is None:
            continue
        if name in partial.components:
            progress(f"{name}: kept from the interrupted run")
            continue
        start = time.perf_counter()
        precision = RECIPES[compression].get(name, FP16)  # the draft decoder is small
        with quiet():
            record = export(source, precision, partial.folder / name, reference)
        partial.finish(name, record)
        seconds = time.perf_counter() - start
        progress(f"{name}: {precision.name}, {record['parity_db']} dB against torch, {seconds:.0f} s")
    _copy_configuration(source, partial.folder)
    manifest = _manifest(source, inputs, partial)
    manifest = dataclasses.replace(manifest, pictures=reference.compare(partial.folder, manifest))
    partial.publish(manifest)
    tell_parity(manifest, progress)
    progress(f"{output} is complete.")
    return output


def _copy_configuration(source: Checkpoint, folder: Path) -> None:
    for part in ("tokenizer", "scheduler"):
        shutil.copytree(source.folder / part, folder / part, dirs_exist_ok=True)
    index = read_json(source.folder / "model_index.json")
    index.pop("_name_or_path", None)
    index["vae_decoder"] = index.pop("vae")  # the encoder is left behind
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _manifest(source: Checkpoint, inputs: Inputs, partial: Partial) -> Manifest:
    components = {name: dict(record) for name, record in partial.components.items()}
    return Manifest(
        format_version=FORMAT_VERSION,
        source=source.name,
        revision=source.fingerprint,
        family=source.family,
        compression=inputs.compression,
        preview=components["vae_decoder"].pop("preview"),
        components=components,
        pictures=[],
        tools=inputs.tools,
        defaults=source.defaults,
        complex_human_instruction=source.instruction,
        max_sequence_length=source.max_sequence_length,
        files=describe_files(partial.folder),
    )
