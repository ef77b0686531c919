"""`model_index.json`: the classes of a pipeline's parts, and with its own class what diffusers does by default."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError
from ..domain.families import FAMILIES, Family
from ..domain.settings import MAX_SIZE, MIN_SIZE
from .files import read_json
from .folder_layout import MODEL_INDEX
from .manifest import native_size


@dataclass(frozen=True)
class ModelIndex:
    """The file of a folder, read once: `entries` as it holds them."""

    path: Path
    entries: dict[str, Any]
    family: Family

    @classmethod
    def read(cls, folder: Path) -> "ModelIndex":
        """Read the file; raise ArtifactError if there is none, or if its pipeline is of no known family.

        Exporters put "OV" before the name of diffusers' class, as optimum-intel does.
        """
        entries = read_json(folder / MODEL_INDEX)
        name = str(entries.get("_class_name"))
        family = FAMILIES.get(name.removeprefix("OV"))
        if family is None:
            raise ArtifactError(f"{folder} holds a {name}; supported are {' and '.join(FAMILIES)}.")
        return cls(folder / MODEL_INDEX, entries, family)

    def part_class(self, part: str) -> Any:
        """Return the class of a part as diffusers would load it; raise ArtifactError for an unknown one."""
        import diffusers  # takes seconds, and the page is drawn without
        import transformers

        entry = self.entries.get(part)
        library, name = entry if isinstance(entry, list) and len(entry) == 2 else ("", "")
        found = getattr({"diffusers": diffusers, "transformers": transformers}.get(str(library)), str(name), None)
        if found is None:
            raise ArtifactError(f"{self.path} names an unknown {part}, {library}.{name}.")
        return found


def pipeline_defaults(family: Family, transformer_config: dict[str, Any]) -> dict[str, Any]:
    """Return what diffusers' pipeline does by default at the model's native size, in the words of a `sana.json`."""
    import diffusers  # takes seconds, and the page is drawn without

    parameters = inspect.signature(getattr(diffusers, family.pipeline_class).__call__).parameters
    native = native_size(transformer_config)
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
