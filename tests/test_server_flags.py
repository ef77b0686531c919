"""What the server's flags take, and how they refuse the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.server.flags import parse

Flags = Callable[..., Any]
KEY = "a-long-key"


@pytest.fixture
def flags(capsys: pytest.CaptureFixture[str]) -> Flags:
    """Return a function that parses flags, and returns the server's options or the line that refuses them."""

    def run(*arguments: str) -> Any:
        try:
            return parse(list(arguments)).server
        except SystemExit:
            (line,) = capsys.readouterr().err.splitlines()
            return line

    return run


def test_a_key_comes_from_a_flag_the_environment_or_a_file(
    flags: Flags, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert flags("--api-key", f"@{file}").api_key == KEY
    monkeypatch.setenv("SANA_API_KEY", KEY)
    assert flags().api_key == KEY
    assert flags("--api-key", "other").api_key == "other"
    for wrong in ("", "two words", "schlüssel"):
        assert "must be letters" in flags("--api-key", wrong)
        assert not wrong or wrong not in flags("--api-key", wrong)
    assert "cannot be read" in flags("--api-key", f"@{tmp_path / 'missing'}")


def test_a_password_comes_from_the_environment_or_a_file(
    flags: Flags, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("me:sec:ret\n")
    assert flags("--auth", f"@{file}").auth == ("me", "sec:ret")
    monkeypatch.setenv("SANA_AUTH", "you:secret")
    assert flags().auth == ("you", "secret")
    assert flags("--auth", "me:other").auth == ("me", "other")
    monkeypatch.setenv("SANA_AUTH", "secret")
    assert "a name and a password" in flags()
    assert "secret" not in flags()
    assert "cannot be read" in flags("--auth", f"@{tmp_path / 'missing'}")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--root-path", "sana"),
        ("--root-path", "ftp://example.com"),
        ("--root-path", "/a?b"),
        ("--allow-host", "http://a"),
        ("--allow-host", "a:80"),
        ("--allow-origin", "example.com"),
        ("--allow-origin", "*"),
        ("--allow-origin", "https://*"),
        ("--allow-origin", "https://a.com/b"),
        ("--max-upload", "0"),
        ("--max-upload", "1.5"),
        ("--ssl-keyfile=key.pem", "--ssl-keyfile=key.pem"),
        ("--ssl-certfile", "a.pem", "--share"),
    ],
)
def test_a_bad_flag_is_refused_in_a_line(flags: Flags, arguments: tuple[str, ...]) -> None:
    assert arguments[-1].partition("=")[0] in flags(*arguments)
