"""Time and memory of this project, of diffusers on torch and of optimum-intel, on one checkpoint and machine.

`python -m tests.benchmark FOLDER` measures and prints tables. Each side draws in a process of its own (`side_*.py`):
it gets a `Task` and prints what its `Stages` measured.
"""
