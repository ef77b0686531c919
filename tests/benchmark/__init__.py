"""How fast and how large: this project, diffusers on torch and optimum-intel, on the same checkpoint and machine.

`python -m tests.benchmark FOLDER` measures and prints tables. Each side draws in a process of its own (`side_*.py`),
which is given a `Task` and prints what its `Stages` measured.
"""
