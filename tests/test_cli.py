"""`python app.py`: its refusals, one line on stderr and exit status 2; and its first start, from outside."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

import app
from pipeline.generation.metadata import read_settings
from pipeline.runtime import malloc
from tests.sockets import SocketLog
from tests.tiny_checkpoint import build

APP = Path(__file__).parents[1] / "app.py"


@pytest.fixture
def environment(tmp_path: Path, sockets: SocketLog) -> Iterator[dict[str, str]]:
    """Yield an environment without settings of the app, with an empty home and an empty cache.

    Processes that run in it, and exports that they start, must ask no other machine and write nothing into the home.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANA_", "GRADIO_", "CI"))}
    (tmp_path / "home").mkdir()
    own = {"HOME": "home", "XDG_CACHE_HOME": "cache", "LOCALAPPDATA": "cache"}
    yield {**kept, **sockets.environment, **{name: str(tmp_path / folder) for name, folder in own.items()}}
    assert sockets.hosts() <= {"127.0.0.1"}
    assert list((tmp_path / "home").iterdir()) == []


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: int) -> Callable[..., str]:
    """Return a function that runs the program here, where it must give up, and returns its one line."""
    for name in [name for name in os.environ if name.startswith(("SANA_", "GRADIO_SERVER"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(malloc, "use_single_arena", lambda: None)  # it would be so for all tests

    def run(*arguments: object, **variables: object) -> str:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, str(value))
            status: str | int | None
            try:
                status = app.main(["--port", str(port), *map(str, arguments)])
            except SystemExit as exit:  # of a flag that makes no sense
                status = exit.code
        printed = capsys.readouterr()
        assert (status, printed.out, len(printed.err.splitlines())) == (2, "", 1), printed.err
        return printed.err

    return run


@pytest.fixture
def damaged(model: Path, tmp_path: Path) -> Path:
    """Return a copy of the model folder, to be damaged."""
    return Path(shutil.copytree(model, tmp_path / "damaged"))


def test_help_explains_every_flag(environment: dict[str, str]) -> None:
    command = [sys.executable, str(APP), "--help"]
    text = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10, check=True).stdout
    for flag in (
        "--model",
        "--device",
        "--host",
        "--port",
        "--share",
        "--auth",
        "--api-key",
        "--strict-models",
        "--root-path",
        "--allow-host",
        "--allow-origin",
        "--max-upload",
        "--ssl-certfile",
        "--ssl-keyfile",
        "--max-queue",
        "--low-memory",
        "--mcp",
        "SANA_MODEL",
        "SANA_DEVICE",
        "SANA_AUTH",
        "SANA_API_KEY",
    ):
        assert flag in text


def test_a_refusal_is_one_line_and_status_2(environment: dict[str, str], port: int) -> None:
    command = [sys.executable, str(APP), "--port", str(port), "--model", "./missing"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "There is no folder ./missing" in done.stderr


@pytest.mark.parametrize("name", ["./missing", ""])
def test_a_missing_model(refusal: Callable[..., str], name: str) -> None:
    assert "folder" in refusal("--model", name)


def test_the_environment_names_a_model_and_a_device_and_a_flag_wins(
    refusal: Callable[..., str], tmp_path: Path
) -> None:
    assert str(tmp_path / "a") in refusal(SANA_MODEL=str(tmp_path / "a"))
    assert str(tmp_path / "b") in refusal("--model", tmp_path / "b", SANA_MODEL=str(tmp_path / "a"))
    assert "'NPX'" in refusal("--device", "NPX", SANA_DEVICE="TPU")


def test_a_folder_that_is_no_model(refusal: Callable[..., str], tmp_path: Path) -> None:
    assert "manifest.json" in refusal("--model", tmp_path)


def test_a_truncated_file(refusal: Callable[..., str], damaged: Path) -> None:
    path = damaged / "transformer" / "openvino_model.bin"
    path.write_bytes(path.read_bytes()[:-100])
    assert "openvino_model.bin has" in refusal("--model", damaged)


def test_a_corrupted_file(refusal: Callable[..., str], damaged: Path) -> None:
    path = damaged / "vae_decoder" / "openvino_model.bin"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert f"{path} is damaged" in refusal("--model", damaged)


def test_a_damaged_manifest(refusal: Callable[..., str], damaged: Path) -> None:
    path = damaged / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "defaults": None}))
    assert "is damaged" in refusal("--model", damaged)


def test_an_unknown_device(refusal: Callable[..., str], model: Path) -> None:
    assert "available: " in refusal("--model", model, SANA_DEVICE="TPU")


def test_a_port_in_use(refusal: Callable[..., str], port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        assert f"port {port}" in refusal("--model", "does/not/matter")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "0"),
        ("--port", "65536"),
        ("--port", "http"),
        ("--host", "no.such.host.invalid"),
        ("--colour", "red"),
        ("--max-queue", "0"),
    ],
)
def test_a_bad_flag(refusal: Callable[..., str], arguments: tuple[str, ...]) -> None:
    assert arguments[1] in refusal(*arguments)


def test_a_password_is_not_repeated(refusal: Callable[..., str]) -> None:
    line = refusal("--auth", "secret")
    assert "a name and a password" in line
    assert "secret" not in line


def test_mcp_says_what_it_needs(refusal: Callable[..., str], model: Path) -> None:
    if importlib.util.find_spec("mcp"):
        pytest.skip("the extra is installed here")
    assert "pip install 'gradio[mcp]'" in refusal("--mcp", "--model", model)


def test_a_model_of_the_menu_that_is_no_model_is_refused_too(
    refusal: Callable[..., str], model: Path, tmp_path: Path
) -> None:
    assert "manifest.json" in refusal("--model", model, "--model", tmp_path)


@pytest.mark.long
def test_the_first_start_precompiles_and_serves_who_has_the_password_until_interrupted(
    environment: dict[str, str], bundled: list[str], port: int, tmp_path: Path
) -> None:
    with serving(environment, port, *bundled, "--auth", "me:secret") as printed:
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/config").status_code == 401
        client = Client(url, auth=("me", "secret"), verbose=False, download_files=str(tmp_path))
        job = client.submit(prompt="a house", seed=3, num_inference_steps=1, api_name="/generate")
        images, seed, _ = job.result(timeout=600)  # asked at once: it waits for the model
        lines = [output[2] for output in job.outputs()]
    assert read_settings(images[0]["image"]).seed == seed == 3
    assert any(line.startswith("Preparing the model") for line in printed)
    assert [line for line in lines if line.startswith("Preparing the model") and "parts are done" in line]


@pytest.mark.long
def test_a_bundled_model_that_cannot_be_precompiled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], checkpoint: Path, port: int, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("pipeline.miniature.CHECKPOINT", checkpoint)
    monkeypatch.setattr(malloc, "use_single_arena", lambda: None)  # it would be so for all tests
    shutil.rmtree(checkpoint / "transformer")
    capsys.readouterr()  # what the writing of the checkpoint printed
    assert app.main(["--port", str(port)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("app.py: The bundled model could not be precompiled: ")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return build(tmp_path / "checkpoint", sample_size=8)


@pytest.fixture
def bundled(checkpoint: Path) -> list[str]:
    """Return arguments for Python that start app.py with a tiny checkpoint in place of the miniature."""
    program = f"""
import pathlib, sys
sys.path.insert(0, {str(APP.parent)!r})
import app, pipeline.miniature
pipeline.miniature.CHECKPOINT = pathlib.Path({str(checkpoint)!r})
sys.exit(app.main())
"""
    return ["-c", program]


@contextmanager
def serving(environment: dict[str, str], port: int, *arguments: object) -> Iterator[list[str]]:
    """Run app.py until its page is up, then interrupt it.

    Yield the lines that it prints; at the end the list holds all of them.
    """
    command = [sys.executable, *map(str, arguments), "--port", str(port)]
    printed: list[str] = []
    interruptible = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores Ctrl-C
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=interruptible
    ) as process:
        try:
            while not (printed and printed[-1].startswith("Sana is on")):
                line = process.stdout.readline()
                assert line, "app.py ended before it served"
                printed.append(line)
            yield printed
        finally:
            process.send_signal(signal.SIGINT)
            printed += process.stdout.readlines()
