"""Ray's first import, with what it reads from the environment."""

import importlib.util
import logging
import os
from typing import Any

from ..domain.errors import SanaError

# Read by Ray when it is imported, and passed on to its own processes.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_DISABLE_USAGE_COLLECTION": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_raylet_start_wait_time_s": "60",  # the default is too short for a busy machine
}


def check_ray() -> None:
    """Raise SanaError if Ray, which is not among the requirements of the program, is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise SanaError("--cluster needs Ray: pip install -r pipeline/cluster/requirements.txt.")


def import_ray() -> Any:
    """Import Ray Serve, and return Ray."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray
    import ray.serve

    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    return ray
