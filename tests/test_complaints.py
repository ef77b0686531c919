"""What reaches the terminal."""

import pytest

from pipeline.domain.complaints import complain


def fail() -> None:
    try:
        raise ValueError("the cause")
    except ValueError:
        complain("app.py", "One sentence.")


@pytest.mark.parametrize("value", [None, "", "0"])
def test_a_complaint_is_one_line(
    value: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SANA_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("SANA_DEBUG", value)
    fail()
    assert capsys.readouterr().err == "app.py: One sentence.\n"


def test_with_sana_debug_the_traceback_comes_before_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANA_DEBUG", "1")
    fail()
    printed = capsys.readouterr().err
    assert "ValueError: the cause" in printed
    assert printed.endswith("app.py: One sentence.\n")
