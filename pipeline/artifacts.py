"""An IR folder at run time: its manifest, its integrity, and how a name becomes a folder.

The layout is that of a diffusers / optimum-intel export, plus `manifest.json`, which is written last.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import ArtifactError
from .variants import Defaults

FORMAT_VERSION = 2
TOOLS = ("openvino", "nncf", "torch", "diffusers", "transformers")  # the packages whose versions decide an export
MANIFEST = "manifest.json"
FAMILIES = {"SanaPipeline": "flow", "SanaSprintPipeline": "sprint"}
VAE_DECODER, DRAFT_DECODER = "vae_decoder", "draft_decoder"
COMPONENTS = ("text_encoder", "transformer", VAE_DECODER)  # of every folder; some have a draft decoder beside
REQUIRED_FILES = (
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/prefix.safetensors",
    *(f"{name}/{file}" for name in COMPONENTS for file in ("config.json", "openvino_model.xml", "openvino_model.bin")),
)


@dataclass(frozen=True)
class Manifest:
    """What an IR folder is and how it was made.

    `components` holds compression and measured parity per component (and the "preview" of a draft decoder's features,
    with the "draft_db" of its pictures against the VAE decoder's), `pictures` "psnr_db" and "ssim" of what a few
    prompts give against the uncompressed checkpoint, `tools` the versions that made them,
    `preview` the linear map from latents to RGB ("matrix" 3 x C, "bias" 3), and `files` maps each relative
    path to its "size" and "sha256".
    """

    format_version: int
    source: str
    revision: str | None
    family: str
    compression: str
    components: dict[str, Any]
    pictures: list[dict[str, Any]]
    tools: dict[str, str]
    defaults: Defaults
    complex_human_instruction: list[str]
    max_sequence_length: int
    preview: dict[str, list]
    files: dict[str, dict[str, Any]]

    def size(self, folder: str = "") -> int:
        """Bytes of the files below `folder`, by default of all."""
        return sum(entry["size"] for file, entry in self.files.items() if file.startswith(folder))


def resolve(name: str | Path, tell: Callable[[str], object] = print) -> Path:
    """The folder that `name` stands for: a local one, or that of OWNER/NAME[@REVISION] on the Hub, which is fetched
    where the cache does not have it. `tell` gets a line on how far that is. Raises SanaError."""
    if folder := _local(name):
        return folder
    from .hub import fetch  # not needed for what is here already

    return fetch(str(name), tell)


def resolve_description(name: str | Path, tell: Callable[[str], object] = print) -> Path:
    """The same with its manifest and configurations at least; of a Hub name the rest may be still to fetch, which
    `resolve` does for the same commit when it is given the folder's name as the revision."""
    if folder := _local(name):
        return folder
    from .hub import fetch_description

    return fetch_description(str(name), tell)


def _local(name: str | Path) -> Path | None:
    """The local folder of that name; None where it is one on the Hub. Raises ArtifactError for what is neither."""
    if not str(name):  # Path("") would be the current folder
        raise ArtifactError("The name of the model is empty: give a folder that precompile.py wrote.")
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ArtifactError(f"{name} is a file, not a model folder: give the folder that precompile.py wrote.")
    from .hub import HubName

    if isinstance(name, str) and HubName.parse(name):
        return None
    raise ArtifactError(f"There is no folder {name}: give one that precompile.py wrote, or OWNER/NAME on the Hub.")


def read_manifest(folder: Path) -> Manifest:
    """Reads and checks `manifest.json`; raises ArtifactError where the folder is no IR folder of this version."""
    path = folder / MANIFEST
    advice = "write the folder again with precompile.py."
    if not path.is_file():
        raise ArtifactError(f"{folder} is no model folder (it has no {MANIFEST}): give one that precompile.py wrote.")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        version = values["format_version"]
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise ArtifactError(
                f"{folder} has format {version}, newer than the {FORMAT_VERSION} of this program: update the program."
            )
        if version != FORMAT_VERSION:
            raise ArtifactError(f"{folder} has format {version}, this program reads format {FORMAT_VERSION}: {advice}")
        if values["family"] not in FAMILIES.values():
            raise ValueError(f"unknown family {values['family']!r}")
        values["defaults"] = Defaults(**values["defaults"])
        manifest = Manifest(**values)
        for entry in manifest.files.values():
            int(entry["size"]), str(entry["sha256"])
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise ArtifactError(f"{path} is damaged ({_one_line(error)}): {advice}") from error
    for name in manifest.files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ArtifactError(f"{path} lists {name}, which lies outside of the folder.")
    missing = [name for name in REQUIRED_FILES if name not in manifest.files]
    if missing:
        raise ArtifactError(f"{path} does not list {missing[0]}: {advice}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes `manifest.json`; its presence says that the folder is complete, so it is the last file to write."""
    text = json.dumps(dataclasses.asdict(manifest), indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def verify(folder: Path) -> None:
    """Compares size and sha256 of each file with the manifest; raises ArtifactError naming the first that differs."""
    for name, problem in differences(folder, read_manifest(folder)):
        raise ArtifactError(f"{folder / name} {problem}: write the folder again with precompile.py.")


def differences(folder: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The files that are not as the manifest lists them, each with what is wrong."""
    for name, expected in manifest.files.items():
        problem = _difference(folder / name, expected)
        if problem:
            yield name, problem


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and sha256 of every file below `folder` except the manifest, as `Manifest.files` holds them."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)} for path in paths
    }


def is_exported_by_optimum(folder: Path) -> bool:
    """Whether the folder holds IR in this layout, but no manifest: optimum-intel's, which nothing can verify."""
    models = (folder / name / "openvino_model.xml" for name in COMPONENTS)
    return not (folder / MANIFEST).is_file() and all(path.is_file() for path in models)


def read_class_name(folder: Path) -> str:
    """The pipeline class that `model_index.json` names, without the OV that optimum-intel puts before it."""
    name = str(read_json(folder / "model_index.json").get("_class_name"))
    if name.removeprefix("OV") not in FAMILIES:
        raise ArtifactError(f"{folder} holds a {name}; supported are {' and '.join(FAMILIES)}.")
    return name.removeprefix("OV")


def read_family(folder: Path) -> str:
    """The family, "flow" or "sprint", by the pipeline class that `model_index.json` names."""
    return FAMILIES[read_class_name(folder)]


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; raises ArtifactError where there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({_one_line(error)}).") from error
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is no JSON object.")
    return value


def sha256(path: Path) -> str:
    # A model is verified when it is fetched and when it is loaded; gigabytes take seconds, so that files are read again
    # only where they have changed since.
    state = path.stat()
    return _sha256(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache
def _sha256(path: Path, inode: int, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _difference(path: Path, expected: dict[str, Any]) -> str | None:
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != expected["size"]:
        return f"has {size:,} bytes instead of {expected['size']:,}"
    # The hash is read even where the size fits: a flipped bit would show only as a strange picture.
    return None if sha256(path) == expected["sha256"] else "is damaged (its sha256 differs from the manifest)"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
