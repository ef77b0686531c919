"""The bundled model: a small Sana, its world, its training, and the checkpoint that came of it."""

from pathlib import Path

CHECKPOINT = Path(__file__).parent / "checkpoint"
"""In diffusers' layout; `precompile.py` makes the IR folder that runs."""
