"""The export of checkpoints in diffusers' layout to OpenVINO IR folders. No other room loads torch models or NNCF."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .checkpoint import check_checkpoint
    from .precompile_checkpoint import precompile

__all__ = ["check_checkpoint", "precompile"]


def __getattr__(name: str) -> object:
    # Imported on first use: torch and diffusers take seconds to import, and `precompile.py --help` needs only recipes.
    if name == "precompile":
        from .precompile_checkpoint import precompile

        return precompile
    if name == "check_checkpoint":
        from .checkpoint import check_checkpoint

        return check_checkpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
