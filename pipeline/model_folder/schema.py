"""The schemas of JSON files: a frozen record class for each, checked once, when the file is read.

Records keep unknown fields unless they forbid them. Upper limits without a reason of their own are chosen far above
any Sana.
"""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..domain.errors import ArtifactError
from ..domain.problems import shown
from ..domain.settings import GUIDANCE_SCALE, NUM_INFERENCE_STEPS
from ..domain.size_parameters import MAX_SIZE, MIN_SIZE, SIZE_MULTIPLE
from .files import read_json

Count = Annotated[int, Field(ge=1, le=1_000_000)]  # a number of layers, channels, tokens, ...
Side = Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE, multiple_of=SIZE_MULTIPLE)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Positive = Annotated[float, Field(gt=0)]


class Record(BaseModel):
    """A JSON object whose fields have exactly the declared types; numbers are finite."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", allow_inf_nan=False)


class Defaults(Record):
    """The default settings of a model."""

    model_config = ConfigDict(extra="forbid")

    width: Side
    height: Side
    num_inference_steps: Annotated[int, Field(ge=NUM_INFERENCE_STEPS.minimum, le=NUM_INFERENCE_STEPS.maximum)]
    guidance_scale: Annotated[float, Field(ge=GUIDANCE_SCALE.minimum, le=GUIDANCE_SCALE.maximum)]


class Instruction(Record):
    """The lines before each prompt, and the number of tokens that the text encoder keeps."""

    complex_human_instruction: Annotated[list[Annotated[str, Field(max_length=10_000)]], Field(max_length=1000)]
    max_sequence_length: Annotated[int, Field(ge=2, le=100_000)]


class Licence(Record):
    """The licence in a checkpoint's card or `sana.json`, in the Hub's terms."""

    license: str | None = None
    license_name: str | None = None
    license_link: str | None = None


class Options(Instruction, Licence):
    """The content of `sana.json`, which describes a checkpoint of this program."""

    name: Name | None = None
    defaults: Defaults
    min_size: Side
    max_size: Side


SomeRecord = TypeVar("SomeRecord", bound=Record)


def read_record(path: Path, kind: type[SomeRecord]) -> SomeRecord:
    """Return the record in a JSON file; raise ArtifactError, with file and field, if it does not fit the schema."""
    try:
        return kind.model_validate(read_json(path))
    except ValidationError as error:
        raise ArtifactError(f"{path} is not as it should be ({explain(error)}).") from error


def explain(error: ValidationError) -> str:
    """Return the first error in words, with the name of its field."""
    first: Any = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "missing":
            return f"it has no {shown(field)}"
        case "extra_forbidden":
            return f"it has an unknown {shown(field)}"
        case "value_error":
            return str(first["ctx"]["error"])
    wanted = first["msg"].removeprefix("Input ").removeprefix("String ").removeprefix("Value ")
    return f"its {shown(field)} {wanted}, not {shown(first['input'])}"
