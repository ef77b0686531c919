"""The bundled model: a small Sana, the checkpoint that came of its training, and how it gets ready to run."""

from pathlib import Path

CHECKPOINT = Path(__file__).parent / "checkpoint"
"""In diffusers' layout; `precompile.py` makes the IR folder that runs."""
