"""`model_index.json`: the classes of a pipeline and of its parts, and the defaults of that pipeline in diffusers."""

import inspect
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from ..domain.errors import ArtifactError
from ..domain.families import FAMILIES, Family
from ..domain.problems import MAX_SHOWN, shown
from ..domain.size_parameters import MAX_SIZE, MIN_SIZE
from .folder_layout import MODEL_INDEX
from .schema import Name, Record, read_record

LIBRARIES = {
    "scheduler": "diffusers",
    "text_encoder": "transformers",
    "tokenizer": "transformers",
    "transformer": "diffusers",
    "vae": "diffusers",
}
_CLASSES = {
    "text_encoder": ("Gemma2Model",),
    "tokenizer": ("GemmaTokenizer", "GemmaTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"),
    "transformer": ("SanaTransformer2DModel",),
    "vae": ("AutoencoderDC",),
}  # the classes of schedulers are in `Family.schedulers`


class _Index(Record):
    class_name: Name = Field(alias="_class_name")


@dataclass(frozen=True)
class ModelIndex:
    """The content of a folder's `model_index.json`; `entries` holds it unchanged."""

    path: Path
    entries: dict[str, Any]
    family: Family

    @classmethod
    def read(cls, folder: Path) -> "ModelIndex":
        """Read the file; raise ArtifactError if it is missing, or if its pipeline belongs to no known family.

        optimum-intel puts "OV" before the name of diffusers' class.
        """
        path = folder / MODEL_INDEX
        record = read_record(path, _Index)
        family = FAMILIES.get(record.class_name.removeprefix("OV"))
        if family is None:
            name = record.class_name[:MAX_SHOWN]
            raise ArtifactError(f"{path} holds a {name}; supported are {' and '.join(FAMILIES)}.")
        return cls(path, record.model_dump(by_alias=True), family)

    def check_class(self, part: str) -> str:
        """Return the name of a part's class; raise ArtifactError if this program does not support it.

        Loading any class that a folder names might run its code.
        """
        entry = self.entries.get(part)
        if not isinstance(entry, list) or len(entry) != 2 or not all(isinstance(each, str) for each in entry):
            raise ArtifactError(f"{self.path} names no {part}.")
        library, name = map(str, entry)
        supported: Collection[str] = self.family.schedulers if part == "scheduler" else _CLASSES[part]
        if library != LIBRARIES[part] or name not in supported:
            raise ArtifactError(
                f"{self.path} names an unknown {part} of class {name[:MAX_SHOWN]} of {shown(library)}; supported for "
                f"{self.family.title}: {', '.join(supported)} of {LIBRARIES[part]}."
            )
        return name

    def part_class(self, part: str) -> Any:
        """Import and return the class of a part; raise ArtifactError if this program does not support it."""
        import diffusers  # takes seconds, and the page does not need it
        import transformers

        libraries: dict[str, Any] = {"diffusers": diffusers, "transformers": transformers}
        return getattr(libraries[LIBRARIES[part]], self.check_class(part))


def pipeline_defaults(family: Family, native_size: int) -> dict[str, Any]:
    """Return the defaults of diffusers' pipeline at a native size in pixels, in the form of a `sana.json`."""
    import diffusers  # takes seconds, and the page does not need it

    parameters = inspect.signature(getattr(diffusers, family.pipeline_class).__call__).parameters
    return {
        "complex_human_instruction": parameters["complex_human_instruction"].default,
        "max_sequence_length": parameters["max_sequence_length"].default,
        "defaults": {
            "width": native_size,
            "height": native_size,
            "num_inference_steps": parameters["num_inference_steps"].default,
            "guidance_scale": parameters["guidance_scale"].default,
        },
        "min_size": MIN_SIZE,
        "max_size": min(2 * native_size, MAX_SIZE),  # chosen: twice the trained side
    }
