"""The telemetry of libraries, switched off unless the user has opted in."""

import os
import sys
from pathlib import Path

# gradio reads these when it is imported; so does huggingface_hub, for gradio, diffusers and transformers.
_SWITCHES = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
# OpenVINO and NNCF post to Google Analytics when they are imported and in each conversion, with an id that they keep in
# the home folder. No variable prevents that, but they go on without it if this package cannot be imported.
_OPENVINO = "openvino_telemetry"


def switch_off() -> None:
    """Switch off all telemetry, except what the user wants by a variable or by OpenVINO's consent file.

    Call this before the libraries are imported. It sends nothing and writes no file.
    """
    for name, off in _SWITCHES.items():
        os.environ[name] = os.environ.get(name) or off
    if not _has_consent():
        # setdefault: a program that has imported OpenVINO before keeps its package.
        sys.modules.setdefault(_OPENVINO, None)  # type: ignore[arg-type]


def _has_consent() -> bool:
    """Return True if the user ran `opt_in_out --opt_in`, which writes a "1" into a file in the home folder."""
    try:
        folder = Path(os.environ["LOCALAPPDATA"], "Intel Corporation") if os.name == "nt" else Path.home() / "intel"
        return (folder / _OPENVINO).read_text(encoding="utf-8").strip() == "1"
    except (OSError, ValueError, KeyError, RuntimeError):  # no file, or no home
        return False
