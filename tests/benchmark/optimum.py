"""An environment with optimum-intel, and its own export of the checkpoint with INT8 weights."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from pipeline.domain.errors import SanaError

from . import process

# Releases of one time: a later diffusers or transformers than these is refused by optimum-intel 2.2.
OWN = ("diffusers==0.39.0", "transformers==5.5.4", "huggingface-hub==1.21.0")
SHARED = ("torch", "openvino", "nncf", "pillow")  # as here, so that only the way of using them differs
# They ask for torchvision, whose build for the CPU is on no index that pip reads by itself. It is not needed here.
WITHOUT_DEPENDENCIES = ("optimum==2.3.0", "optimum-intel==2.2.0")


def environment(folder: Path) -> Path:
    """Return the Python of the environment in `folder`; make the environment unless it is complete."""
    python = folder / "bin" / "python"
    # "+cpu", which tells the builds of torch apart, is not on the index
    packages = [*OWN, *(f"{name}=={version(name).partition('+')[0]}" for name in SHARED)]
    wanted = "\n".join([*packages, *WITHOUT_DEPENDENCIES])
    complete = folder / "complete"
    if complete.is_file() and complete.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    install = [str(python), "-m", "pip", "install", "--quiet"]
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [*install, *packages],
        [*install, "--no-deps", *WITHOUT_DEPENDENCIES],
    ):
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            raise SanaError(f"{folder} could not be made an environment for optimum-intel, as it says above.")
    complete.write_text(wanted)
    return python


def exported(python: str, checkpoint: Path, folder: Path) -> Path:
    """Return `folder` with optimum-intel's export; `optimum_export.py` writes it unless it is there."""
    if not folder.is_dir():
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        record = process.run("optimum_export", [str(checkpoint), str(partial)], folder.parent, python)
        if "refused" in record:
            raise SanaError(f"optimum-intel's export was {record['refused']}.")
        partial.rename(folder)
    return folder
