"""Changed contents for each reader of foreign bytes. `python -m tests.fuzz` reads more of them, others each time."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.fuzz.changed import PATIENT, changed, repeated
from tests.fuzz.finding import FOUND, file_name
from tests.fuzz.readers import READERS, take_or_refuse

ROOT = Path(__file__).parents[1]
CONTENTS = 150  # for each reader; chosen: about a minute in all


@pytest.mark.filterwarnings("ignore")  # of Pillow
@pytest.mark.parametrize("name", READERS)
def test_a_changed_content_is_taken_or_refused_in_a_sentence(name: str) -> None:
    # Other contents each time would fail a change that has nothing to do with them.
    @settings(PATIENT, max_examples=CONTENTS, derandomize=True)
    @given(changed(READERS[name].seeds))
    def run(content: bytes) -> None:
        take_or_refuse(name, content)

    run()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_a_long_content_is_taken_or_refused_in_a_sentence(name: str) -> None:
    for piece in (b"0", b"a ", b"(", b"[", b"{a|b}", b'"', b"1,", b"a:"):
        take_or_refuse(name, 5 * repeated(piece))
        for seed in READERS[name].seeds:
            take_or_refuse(name, seed.replace(b"house", repeated(piece)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_is_taken_or_refused_by_now(path: Path) -> None:
    (name,) = [each for each in READERS if file_name(each) == path.parent.name]
    take_or_refuse(name, path.read_bytes())


@pytest.mark.skipif(not importlib.util.find_spec("atheris"), reason="atheris has no package for this machine")
def test_coverage_leads_the_fuzz_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.coverage_guided", "page", "changes", "4"]
    run = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert (run.returncode, int(run.stdout) > 10) == (0, True), run.stderr
    assert any((tmp_path / ".fuzz" / "page" / "changes").iterdir())
