"""The machine and the releases that a result belongs to."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from pipeline.runtime.processor import processor_name

from . import optimum

TOOLS = ("openvino", "nncf", "torch", "diffusers", "transformers")
EXTENSIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


def describe() -> dict[str, Any]:
    """Return CPU, usable cores, bytes of memory, and releases; those of optimum-intel's environment stand apart."""
    lines = [line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()]
    values = {name.strip(): value.strip() for name, _, value in lines}
    flags = values.get("flags", "").split()
    return {
        "cpu": processor_name(),
        "extensions": [name for name in EXTENSIONS if name in flags],
        "cores": len(os.sched_getaffinity(0)),
        "memory": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "tools": {name: version(name) for name in TOOLS},
        "optimum-intel": [*optimum.WITHOUT_DEPENDENCIES, *optimum.OWN],
    }
