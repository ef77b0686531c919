"""The checkpoint and our IR folders, written into the benchmark's folder or reused from there."""

import subprocess
import sys
from pathlib import Path

from pipeline.domain.errors import SanaError
from pipeline.domain.families import SPRINT
from pipeline.model_folder.model_index import ModelIndex

from .process import ROOT

FULL_SIZE = "Sana_Sprint_0.6B_1024px_diffusers"
LITE = "dc-ae-lite"  # stands for a random one of full size
TAESANA = "taesana"  # so does this


def checkpoint(folder: Path) -> Path:
    """Return `folder` with a random checkpoint of full size."""
    return _written(folder, "-m", "tests.full_size", FULL_SIZE)


def vae(name: str, folder: Path) -> Path:
    """Return the folder of an autoencoder. LITE stands for a random one, written into `folder`."""
    return _written(folder / LITE, "-m", "tests.benchmark.dc_ae_lite") if name == LITE else Path(name).resolve()


def draft(name: str, folder: Path) -> Path | None:
    """Return the file of a draft decoder, None for "". TAESANA stands for a random one, written into `folder`."""
    if name == TAESANA:
        return _written(folder / "taesana.safetensors", "-m", "tests.benchmark.taesana")
    return Path(name).resolve() if name else None


def check(folder: Path) -> None:
    """Raise SanaError unless the folder holds a Sprint checkpoint: the sides call Sprint's pipelines."""
    if ModelIndex.read(folder).family is not SPRINT:
        raise SanaError(f"{folder} is not of the Sprint family, which is the one that is compared.")


def precompiled(source: Path, folder: Path, compression: str, vae: Path | None = None) -> Path:
    """Return the IR folder of a checkpoint; `precompile.py` itself sees whether there is anything to do."""
    other = ["--vae", str(vae)] if vae else []
    _run("precompile.py", "--model", str(source), "--output", str(folder), "--compression", compression, *other)
    return folder


def _written(path: Path, *command: str) -> Path:
    """Return `path`, a folder or file that a command with this last argument writes; it is complete or absent."""
    if not path.exists():
        partial = path.with_name(f"partial-{path.name}")
        _run(*command, str(partial))
        partial.rename(path)
    return path


def _run(*arguments: str) -> None:
    if subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=sys.stderr, check=False).returncode:
        raise SanaError(f"{' '.join(arguments[:2])} failed, as it says above.")
