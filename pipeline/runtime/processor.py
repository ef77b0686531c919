"""The kind of processor of this machine."""

import platform
from contextlib import suppress
from pathlib import Path

# By torch's name, the best first.
_INSTRUCTION_SETS = {
    "amx_int8": "AMX",
    "avx512_bf16": "AVX512-BF16",
    "avx512_vnni": "AVX512-VNNI",
    "avx512_f": "AVX512",
    "avx_vnni": "AVX2-VNNI",
    "avx2": "AVX2",
}


def processor_name() -> str:
    """Return the name that the processor gives itself, such as "AMD EPYC", or of its architecture."""
    with suppress(OSError):  # only Linux has this file
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def instruction_set() -> str:
    """Return the most of this processor's instructions for matrices, such as "AVX512-BF16"; else its architecture.

    What is rounded where depends on it, and so do the bytes of a picture.
    """
    import torch  # takes seconds, which the start of app.py does not need

    capabilities = torch.cpu.get_capabilities()
    found = (name for capability, name in _INSTRUCTION_SETS.items() if capabilities.get(capability))
    return next(found, platform.machine())
