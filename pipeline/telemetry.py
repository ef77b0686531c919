"""The telemetry of libraries: off, unless the user has opted in."""

import os
import sys
from pathlib import Path

# Gradio, diffusers and transformers read these when imported, the latter two through huggingface_hub.
_SWITCHES = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
# OpenVINO and NNCF post to Google Analytics on import and on each conversion, with an id from the home folder. No
# variable prevents that, but both work without this package.
_OPENVINO = "openvino_telemetry"


def switch_off() -> None:
    """Switch telemetry off, except where the user's variables or OpenVINO's consent file ask for it.

    Call this before the libraries are imported.
    """
    for name, off in _SWITCHES.items():
        os.environ[name] = os.environ.get(name) or off
    if not _has_consent():
        # Python reports a package that is None here as missing. A caller that has imported it already keeps it.
        sys.modules.setdefault(_OPENVINO, None)  # type: ignore[arg-type]


def _has_consent() -> bool:
    """Return True if the user ran `opt_in_out --opt_in`, which writes "1" into a file in the home folder."""
    try:
        folder = Path(os.environ["LOCALAPPDATA"], "Intel Corporation") if os.name == "nt" else Path.home() / "intel"
        return (folder / _OPENVINO).read_text(encoding="utf-8").strip() == "1"
    except (OSError, ValueError, KeyError, RuntimeError):  # no such file, or no home folder
        return False
