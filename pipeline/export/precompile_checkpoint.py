"""The whole export: read a checkpoint, export its components, compare the pictures of both, and publish the folder."""

import dataclasses
import json
import shutil
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from .. import __version__
from ..domain.errors import SanaError
from ..domain.progress import OnProgress, Progress, print_progress
from ..hub.lora_source import LoraSource
from ..model_folder.files import expand_home
from ..model_folder.folder_layout import (
    COMPONENTS,
    DRAFT_DECODER,
    DRAFT_ENCODER,
    MODEL_INDEX,
    VAE_DECODER,
    VAE_ENCODER,
)
from ..model_folder.integrity import describe_files
from ..model_folder.manifest import TOOLS, Manifest
from ..model_folder.whole_files import write_whole
from .checkpoint import Checkpoint, read_checkpoint
from .checkpoint_files import CheckpointFiles, copied_files
from .component import (
    export_draft_decoder,
    export_draft_encoder,
    export_text_encoder,
    export_transformer,
    export_vae_decoder,
    export_vae_encoder,
)
from .compression_recipes import RECIPES
from .parity_report import report_parity
from .partial_folder import Inputs, PartialFolder, is_complete, remove_leftover, sole_writer
from .quiet import quiet
from .reference import Reference
from .resource_check import check_resources

# The version of the exporter. Raise it with every change of what an export makes. Version 1 did not write its version.
EXPORTER = "3"
EXPORTERS = {
    "text_encoder": export_text_encoder,
    "transformer": export_transformer,
    VAE_DECODER: export_vae_decoder,
    VAE_ENCODER: export_vae_encoder,
    DRAFT_DECODER: export_draft_decoder,
    DRAFT_ENCODER: export_draft_encoder,
}


def precompile(
    checkpoint: str | Path,
    output: str | Path,
    compression: str = "fp16",
    vae: Sequence[str | Path] = (),
    name: str | None = None,
    on_progress: OnProgress = print_progress,
    loras: Sequence[LoraSource] = (),
) -> Path:
    """Export a checkpoint in diffusers' layout to the IR folder `output`, and return the folder's path.

    `output` is complete or absent at any time. A run with the same inputs continues an interrupted one. A folder that
    is complete and up to date is left as it is.

    Args:
        checkpoint: the folder of the checkpoint.
        output: the folder to write.
        compression: a key of RECIPES.
        vae: the folder of another autoencoder for the same latents, and the files of a draft decoder and a draft
            encoder to add, as far as given.
        name: the checkpoint's name on the Hub, where its folder does not tell.
        on_progress: called before the first component, after each component, and with each line of a table of the
            measurements.
        loras: to be fused into the transformer before anything is measured; `hub.lora_source.find_lora` finds them.

    Raises:
        SanaError: the checkpoint cannot be exported, `output` holds something else, there is too little disk space or
            memory, or a component's parity with torch is below its floor.
    """
    if compression not in RECIPES:
        raise SanaError(f"There is no compression {compression!r}; choose from {', '.join(RECIPES)}.")
    source = read_checkpoint(expand_home(checkpoint), [expand_home(each) for each in vae], name, loras)
    output = expand_home(output).resolve()
    tools = {**{tool: version(tool) for tool in TOOLS}, "exporter": EXPORTER}
    inputs = Inputs(str(source.model.revision), compression, tools)

    def wait(holder: str) -> None:
        on_progress(Progress("export", f"Waiting for {holder}, which writes {output}"))

    if not is_complete(output, inputs):
        with sole_writer(output, wait):
            if not is_complete(output, inputs):  # another process may have made it meanwhile
                check_resources(source.weights, RECIPES[compression], output, source.fused_bytes)
                _export(source, inputs, output, on_progress)
                on_progress(Progress("export", f"{output} is complete."))
                return output
    remove_leftover(output)
    on_progress(Progress("export", f"{output} is complete and up to date: nothing to do."))
    return output


def _export(source: Checkpoint, inputs: Inputs, output: Path, on_progress: OnProgress) -> None:
    partial = PartialFolder(output, inputs)
    reference = Reference(source, partial.reference)
    _export_components(source, inputs.compression, partial, reference, on_progress)
    _copy_configuration(source.files, partial.folder)
    manifest = _describe(source, inputs, partial)
    pictures = reference.compare(partial.folder, manifest)
    manifest = dataclasses.replace(manifest, model=dataclasses.replace(manifest.model, pictures=pictures))
    report_parity(manifest, on_progress)
    partial.publish(manifest)


def _export_components(
    source: Checkpoint, compression: str, partial: PartialFolder, reference: Reference, on_progress: OnProgress
) -> None:
    """Export the components that `partial` lacks, one after another."""
    names = (*COMPONENTS, VAE_ENCODER, *source.files.drafts)

    def advance(text: str, done: int) -> None:
        on_progress(Progress("export", text, done, len(names)))

    fused = "".join(f" with {lora}" for lora in source.model.loras)
    advance(f"exporting {source.model.source}{fused} as {compression}", 0)
    for done, name in enumerate(names, 1):
        if name in partial.components:
            advance(f"{name}: kept from the interrupted run", done)
            continue
        recipe, start = RECIPES[compression].recipe(name), time.perf_counter()
        with quiet():
            record = EXPORTERS[name](source, recipe, partial.folder / name, reference)
        partial.finish(name, record)
        seconds = time.perf_counter() - start
        advance(f"{name}: {recipe.name}, {record['parity_db']} dB against torch, {seconds:.0f} s", done)


def _copy_configuration(files: CheckpointFiles, folder: Path) -> None:
    for name, path in copied_files(files).items():
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(path, folder / name)
    index = {key: value for key, value in files.configurations.index.entries.items() if key != "_name_or_path"}
    index[VAE_DECODER] = index[VAE_ENCODER] = index.pop("vae")
    write_whole(folder / MODEL_INDEX, json.dumps(index, indent=2) + "\n")


def _describe(source: Checkpoint, inputs: Inputs, partial: PartialFolder) -> Manifest:
    """Return the manifest of the finished components, before pictures are compared."""
    components = {name: dict(record) for name, record in partial.components.items()}
    preview = components[VAE_DECODER].pop("preview")
    return Manifest(
        model=dataclasses.replace(source.model, compression=inputs.compression, components=components),
        tools=inputs.tools,
        complex_human_instruction=source.instruction,
        max_sequence_length=source.max_sequence_length,
        preview=preview,
        files=describe_files(partial.folder),
        program_version=__version__,
    )
