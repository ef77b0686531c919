"""Telemetry of the libraries: off, unless the user has opted in to it."""

import os
import sys
from pathlib import Path

# Read by gradio, and by huggingface_hub on behalf of gradio, diffusers and transformers, where they are imported.
_SWITCHES = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
# OpenVINO and NNCF post to Google Analytics, with an id that they keep in the home folder, at their import and at each
# conversion. They have no variable against that, but do without this package where it cannot be imported.
_OPENVINO = "openvino_telemetry"


def switch_off() -> None:
    """Switch off what is not wanted by a variable of the user's, or by OpenVINO's consent file.

    Call this before the libraries are imported. It asks no server and writes no file.
    """
    for name, off in _SWITCHES.items():
        os.environ[name] = os.environ.get(name) or off
    if not _has_consent():
        # A program that has imported OpenVINO before keeps what it has.
        sys.modules.setdefault(_OPENVINO, None)  # type: ignore[arg-type]


def _has_consent() -> bool:
    """Return whether the user ran `opt_in_out --opt_in`, which writes a "1" into a file in the home folder."""
    try:
        folder = Path(os.environ["LOCALAPPDATA"], "Intel Corporation") if os.name == "nt" else Path.home() / "intel"
        return (folder / _OPENVINO).read_text(encoding="utf-8").strip() == "1"
    except (OSError, ValueError, KeyError, RuntimeError):  # no file, or no home
        return False
