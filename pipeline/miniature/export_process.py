"""The export in a process of its own, running precompile.py, so that this process never loads NNCF or torch models."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..domain.errors import SanaError
from ..domain.progress import OnProgress, Progress

PRECOMPILE = Path(__file__).parents[2] / "precompile.py"
PATIENCE = 1.0  # seconds that the process has to remove its temporary files; chosen: Ctrl-C should not seem to hang


def export(checkpoint: Path, folder: Path, compression: str, on_progress: OnProgress) -> None:
    """Write the IR folder of the bundled checkpoint, and pass on each progress record; raise SanaError on failure."""
    try:
        run_precompile(["--model", str(checkpoint), "--output", str(folder), "--compression", compression], on_progress)
    except SanaError as error:
        raise SanaError(f"The bundled model could not be precompiled: {error}") from error


def run_precompile(arguments: Sequence[str], on_progress: OnProgress) -> None:
    """Run precompile.py to its end, and pass on each progress record that it prints.

    Raises:
        SanaError: the export failed, for the reason in the last line of its errors.
    """
    command = [sys.executable, str(PRECOMPILE), *arguments, "--json-progress", "--end-with-input"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # closed however this process ends, which ends the export
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
                on_progress(Progress(**json.loads(line)))
        except BaseException:  # also Ctrl-C: do not leave the process behind
            if process.stdin:
                process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
            raise
        status = process.wait()
        errors.seek(0)
        lines = errors.read().split("\n")
    if status:
        reason = next((line.strip() for line in reversed(lines) if line.strip()), f"exit status {status}")
        raise SanaError(reason.removeprefix("precompile.py: "))
