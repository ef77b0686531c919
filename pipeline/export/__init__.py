"""Checkpoints in diffusers' layout become OpenVINO IR folders; the only room that loads torch models or NNCF."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .checkpoint import check_checkpoint
    from .precompile_checkpoint import precompile

__all__ = ["check_checkpoint", "precompile"]


def __getattr__(name: str) -> object:
    # Loaded on first use: torch and diffusers take seconds, and `precompile.py --help` reads the recipes only.
    if name == "precompile":
        from .precompile_checkpoint import precompile

        return precompile
    if name == "check_checkpoint":
        from .checkpoint import check_checkpoint

        return check_checkpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
