"""The bundled miniature: on first start it is precompiled while the page is already up; requests wait for it."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..artifacts import read_family, read_json, verify
from ..device import Device
from ..errors import ArtifactError, SanaError
from ..sana import SanaPipeline
from ..settings import GenerationSettings
from ..updates import Update
from ..variants import Defaults
from .cache import COMPRESSION, cached_folder

PRECOMPILE = Path(__file__).parents[2] / "precompile.py"
PATIENCE = 0.5  # seconds between two looks of a waiting request, so that a Stop acts soon


@dataclass(frozen=True)
class PreparationUpdate:
    """The pipeline is not ready yet; `line` says what is being done."""

    line: str


class Pipeline(Protocol):
    """What the page needs of a pipeline: `SanaPipeline` has it, and so has `BundledPipeline`."""

    @property
    def defaults(self) -> Defaults: ...

    @property
    def family(self) -> str: ...

    def generate(self, settings: GenerationSettings) -> Generator[Update | PreparationUpdate, None, None]: ...


class BundledPipeline:
    """The pipeline of the bundled checkpoint; `generate` waits until `prepare`, called once, has loaded it."""

    def __init__(self, checkpoint: Path, device: str) -> None:
        """Raises SanaError for an unknown device, or where the checkpoint is missing."""
        Device(device)  # asked now, before a minute of precompiling
        self.defaults = Defaults.from_record(read_json(checkpoint / "sana.json"))
        self.family = read_family(checkpoint)
        self.line: str | None = "Preparing the model"  # what is being done; None once the pipeline is ready
        self._checkpoint = checkpoint
        self._device = device
        self._pipeline: SanaPipeline | None = None
        self._settled = threading.Event()
        self._error: SanaError | None = None

    def prepare(self, report: Callable[[str], None]) -> None:
        """Precompiles where the cache has no intact IR folder, and loads it; raises SanaError."""

        def tell(line: str) -> None:
            self.line = line
            report(line)

        try:
            folder = cached_folder(self._checkpoint)
            if not _is_intact(folder):
                tell(f"Preparing the model for this machine, once, in {folder}")
                shutil.rmtree(folder, ignore_errors=True)  # damaged, or nothing
                _precompile(self._checkpoint, folder, tell)
            tell("Loading the model")
            self._pipeline = SanaPipeline.from_pretrained(folder, device=self._device)
            self.line = None
        except SanaError as error:
            self._error = error
            raise
        finally:
            self._settled.set()

    def generate(self, settings: GenerationSettings) -> Generator[Update | PreparationUpdate, None, None]:
        """Updates of one generation, after those of the preparation that is still to be waited for."""
        while not self._settled.wait(PATIENCE):
            yield PreparationUpdate(self.line or "")
        if self._pipeline is None:
            raise self._error or SanaError("The model could not be prepared: see the terminal of app.py.")
        yield from self._pipeline.generate(settings)


def _is_intact(folder: Path) -> bool:
    try:
        verify(folder)
    except ArtifactError:
        return False
    return True


def _precompile(checkpoint: Path, folder: Path, tell: Callable[[str], None]) -> None:
    """Runs precompile.py, line by line, in its own process: this one never loads NNCF, nor keeps a torch model."""
    command = [sys.executable, str(PRECOMPILE), "--model", str(checkpoint), "--output", str(folder)]
    command += ["--compression", COMPRESSION]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                if line.strip():
                    tell(line.strip())
        except BaseException:  # Ctrl-C: the process is not left behind
            process.kill()
            raise
        status = process.wait()
        errors.seek(0)
        lines = errors.read().split("\n")
    if status:
        reason = next((line.strip() for line in reversed(lines) if line.strip()), f"exit status {status}")
        raise SanaError(f"The bundled model could not be precompiled: {reason.removeprefix('precompile.py: ')}")
