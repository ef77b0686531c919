"""No library tells its makers that it is used, unless the user opted in: neither in a run nor in an export.

The sockets of app.py, and of the export at its first start, are watched in test_cli.py; only NNCF is not loaded there.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import telemetry
from tests.sockets import SocketLog

LIBRARIES = """
import pipeline
from huggingface_hub.utils import send_telemetry
send_telemetry("test")
import nncf, numpy as np, openvino as ov
from openvino import opset13

number = opset13.parameter([1, 8], np.float32)
product = opset13.matmul(number, opset13.constant(np.ones((8, 8), np.float32)), False, True)
nncf.compress_weights(ov.Model([product], [number]))
"""
# OpenVINO and NNCF are silent by themselves in some continuous integrations, and in pytest
CI = ("CI", "TF_BUILD", "JENKINS_URL", "NNCF_CI", "NNCF_DEV")
SWITCHES = ("GRADIO_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_OFFLINE")


def test_the_libraries_ask_nobody_and_write_nothing_into_the_home(sockets: SocketLog, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in {*CI, *SWITCHES}}
    home = tmp_path / "home"
    home.mkdir()
    environment = {**kept, **sockets.environment, "HOME": str(home), "LOCALAPPDATA": str(home)}
    environment["PYTHONPATH"] += os.pathsep + os.getcwd()
    done = subprocess.run([sys.executable, "-c", LIBRARIES], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sockets.hosts() == set()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(("consent", "is_on"), [(None, False), ("0", False), ("", False), ("1\n", True)])
def test_openvino_tells_only_after_a_consent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, consent: str | None, is_on: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    for folder in (tmp_path / "intel", tmp_path / "Intel Corporation"):
        folder.mkdir()
        if consent is not None:
            (folder / "openvino_telemetry").write_text(consent)
    monkeypatch.delitem(sys.modules, "openvino_telemetry", raising=False)
    telemetry.switch_off()
    assert ("openvino_telemetry" not in sys.modules) == is_on


def test_a_variable_of_the_users_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "")
    telemetry.switch_off()
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "True"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"  # an empty variable counts as unset


def test_a_machine_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(telemetry.Path, "home", missing)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.delitem(sys.modules, "openvino_telemetry", raising=False)
    telemetry.switch_off()
    assert sys.modules["openvino_telemetry"] is None
