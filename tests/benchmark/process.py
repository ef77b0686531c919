"""A module of this package in a process of its own, so that no side warms, slows or fills another."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.domain.errors import SanaError

ROOT = Path(__file__).parents[2]


def run(module: str, arguments: list[str], folder: Path, python: str = sys.executable) -> dict[str, Any]:
    """Return the JSON that the module prints last; its messages go to a file in `folder`.

    A process that the system killed, as when memory runs out, gives "refused". Raise SanaError for any other failure.
    """
    log = folder / f"{module}.log"
    with log.open("w", encoding="utf-8") as messages:
        process = subprocess.run(
            [python, "-m", f"tests.benchmark.{module}", *arguments],
            cwd=ROOT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            check=False,
        )
    if process.returncode == -signal.SIGKILL:
        return {"refused": "killed: out of memory"}
    if process.returncode:
        raise SanaError(f"{module} ended with status {process.returncode}; {log} says why.")
    return json.loads(process.stdout.splitlines()[-1])
