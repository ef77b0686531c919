"""Sana on OpenVINO: `SanaPipeline.from_pretrained(folder)("a red house").images[0]`."""

from typing import TYPE_CHECKING

from . import telemetry
from .domain.errors import SanaError

if TYPE_CHECKING:
    from .generation.pipeline import SanaPipeline

__all__ = ["SanaError", "SanaPipeline", "__version__"]

__version__ = "2.0.0"  # .github/CHANGELOG.md has a heading for each

telemetry.switch_off()  # before any module imports a library


def __getattr__(name: str) -> object:
    # Imported on first use: openvino, torch and transformers take seconds, and `app.py --help` needs none of them.
    if name == "SanaPipeline":
        from .generation.pipeline import SanaPipeline

        return SanaPipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
