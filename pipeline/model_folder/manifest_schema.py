"""The schema of `manifest.json`."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from ..domain.families import FAMILIES
from ..domain.problems import shown
from .schema import Defaults, Instruction, Name, Record, Side


def _known_family(name: str) -> str:
    if name not in {family.name for family in FAMILIES.values()}:
        raise ValueError(
            f"its 'family' is {shown(name)}; known are {', '.join(each.name for each in FAMILIES.values())}"
        )
    return name


def _inside(name: str) -> str:
    # Names are compared with the Hub's, so they must be relative POSIX paths that mean the same on every system.
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or set(name) & set("\\:") or not name.isprintable():
        raise ValueError(f"it lists {shown(name)}, which lies outside of the folder")
    too_long = len(name) > 500 or any(len(part.encode()) > 255 for part in path.parts)  # 255: limit of file systems
    if path.as_posix() != name or name in ("", ".") or too_long:
        raise ValueError(f"it lists {shown(name)}, which is no name of a file")
    return name


class _File(Record):
    size: Annotated[int, Field(ge=0, le=1 << 50)]  # chosen: a petabyte, above any model
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Linear(Record):
    """A linear map to RGB, or nothing. The loader checks that it fits the latents."""

    matrix: list[list[float]] = Field([])
    bias: list[float] = Field([])


class _Component(Record):
    compression: str | None = None
    conversion_db: float | None = None
    parity_db: float = 0.0
    preview: _Linear | None = None


class _Picture(Record):
    prompt: str
    psnr_db: float
    ssim: float


class _Lora(Record):
    model_config = ConfigDict(extra="forbid")

    name: Name
    scale: float
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    revision: Name | None
    licence: str | None
    licence_link: str | None


class _DefaultsAndLimits(Defaults):
    min_size: Side
    max_size: Side


class ManifestRecord(Instruction):
    """The content of `manifest.json`. Fields with a default are absent in files of earlier versions."""

    model_config = ConfigDict(extra="forbid")

    format_version: int
    source: Name
    revision: str | None
    family: Annotated[str, AfterValidator(_known_family)]
    compression: Name
    components: dict[str, _Component]
    pictures: list[_Picture]
    tools: dict[str, str]
    defaults: _DefaultsAndLimits
    preview: _Linear
    files: dict[Annotated[str, AfterValidator(_inside)], _File]
    program_version: Name | None = None
    loras: list[_Lora] = Field([])
