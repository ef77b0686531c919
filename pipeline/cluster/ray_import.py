"""Ray's first import, with what it reads from the environment."""

import importlib.util
import logging
import os
import re
from typing import Any

from ..domain.errors import SanaError

MOST_TEXT = 300  # characters of an error of Ray's; chosen: the reason is at the beginning


def short(error: object) -> str:
    """Return the beginning of what Ray says in colours and in many lines, as one line."""
    return " ".join(re.sub(r"\x1b\[\d*m", "", str(error)).split())[:MOST_TEXT]


def check_ray() -> None:
    """Raise SanaError if Ray, which is not among the requirements of the program, is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise SanaError("--cluster needs Ray: pip install -r pipeline/cluster/requirements.txt.")


def import_ray() -> Any:
    """Import Ray Serve, and return Ray. Nobody is told that it is used."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reads it when it is imported
    import ray
    import ray.serve

    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    return ray
