"""What a folder's `model_index.json` names: classes, and with them what diffusers does by default."""

import inspect
from pathlib import Path
from typing import Any

import diffusers
import transformers

from .artifacts import read_class_name, read_json
from .errors import ArtifactError
from .settings import MAX_SIZE, MIN_SIZE, SIZE_MULTIPLE


def named_class(folder: Path, part: str) -> Any:
    """The class of a part, as diffusers would load it; raises ArtifactError for an unknown one."""
    entry = read_json(folder / "model_index.json").get(part)
    library, name = entry if isinstance(entry, list) and len(entry) == 2 else ("", "")
    found = getattr({"diffusers": diffusers, "transformers": transformers}.get(str(library)), str(name), None)
    if found is None:
        raise ArtifactError(f"{folder / 'model_index.json'} names an unknown {part}, {library}.{name}.")
    return found


def pipeline_defaults(folder: Path) -> dict[str, Any]:
    """What diffusers' pipeline does by default, at the model's native size, in the words of a `sana.json`."""
    parameters = inspect.signature(getattr(diffusers, read_class_name(folder)).__call__).parameters
    native = read_json(folder / "transformer" / "config.json").get("sample_size", 32) * SIZE_MULTIPLE
    return {
        "complex_human_instruction": parameters["complex_human_instruction"].default,
        "max_sequence_length": parameters["max_sequence_length"].default,
        "defaults": {
            "width": native,
            "height": native,
            "num_inference_steps": parameters["num_inference_steps"].default,
            "guidance_scale": parameters["guidance_scale"].default,
        },
        "min_size": MIN_SIZE,
        "max_size": min(2 * native, MAX_SIZE),
    }
