"""The version of the program: where it is printed and recorded, and that it decides nothing."""

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import precompile
from pipeline import __version__
from pipeline.export.partial_folder import Inputs, is_complete
from pipeline.model_folder.folder_layout import MANIFEST
from pipeline.model_folder.manifest import TOOLS, read_manifest, write_manifest
from pipeline.server import flags

CHANGELOG = Path(__file__).parents[1] / ".github" / "CHANGELOG.md"


@pytest.mark.parametrize(("program", "parse"), [("app.py", flags.parse), ("precompile.py", precompile.parse)])
def test_programs_print_the_version(
    capsys: pytest.CaptureFixture[str], program: str, parse: Callable[[list[str]], object]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"{program} {__version__}\n"


def test_the_changelog_begins_with_this_version() -> None:
    assert re.findall("^## (.*)", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)[0] == __version__


def test_a_folder_names_the_version_that_wrote_it(model: Path) -> None:
    manifest = read_manifest(model)
    assert manifest.program_version == __version__
    assert set(manifest.tools) == {*TOOLS, "exporter"}


def test_a_folder_of_another_version_is_up_to_date(model: Path, tmp_path: Path) -> None:
    output = shutil.copytree(model, tmp_path / "ir")
    manifest = read_manifest(output)
    write_manifest(output, dataclasses.replace(manifest, program_version="1.0.0"))
    assert is_complete(output, Inputs(str(manifest.model.revision), manifest.model.compression, manifest.tools))


def test_a_manifest_without_a_version_is_read(model: Path, tmp_path: Path) -> None:
    output = shutil.copytree(model, tmp_path / "ir")
    record = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
    del record["program_version"]
    (output / MANIFEST).write_text(json.dumps(record), encoding="utf-8")
    manifest = read_manifest(output)
    assert manifest.program_version is None
    assert manifest == dataclasses.replace(read_manifest(model), program_version=None)
