"""The bundled model, a small Sana: its checkpoint, its training, and the IR folder that runs."""

from pathlib import Path

CHECKPOINT = Path(__file__).parent / "checkpoint"
"""The bundled checkpoint in diffusers' layout, which `precompile.py` converts to an IR folder."""
