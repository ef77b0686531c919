"""Runs precompile.py for the bundled model in its own process: this one never loads NNCF, nor keeps a torch model."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import SanaError

PRECOMPILE = Path(__file__).parents[2] / "precompile.py"


def precompile(checkpoint: Path, folder: Path, compression: str, tell: Callable[[str], None]) -> None:
    """Writes the IR folder, telling each line that precompile.py prints; raises SanaError with its last one."""
    command = [sys.executable, str(PRECOMPILE), "--model", str(checkpoint), "--output", str(folder)]
    command += ["--compression", compression]
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
