"""The kind of processor of this machine."""

import platform
from contextlib import suppress
from pathlib import Path

import torch


def processor_name() -> str:
    """Return the name that the processor gives itself, such as "AMD EPYC", or of its architecture."""
    with suppress(OSError):  # only Linux has this file
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def has_8_bit_tiles() -> bool:
    """Return True if the processor multiplies matrices of 8-bit numbers tile by tile (AMX)."""
    return bool(torch.cpu.get_capabilities().get("amx_int8"))
