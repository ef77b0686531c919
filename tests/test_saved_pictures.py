"""Copies of finished pictures on disk."""

from pathlib import Path

import pytest
from PIL import Image

from pipeline import SanaPipeline
from pipeline.domain.errors import SanaError
from pipeline.domain.file_names import prompt_words
from pipeline.domain.settings import GenerationSettings
from pipeline.generation.metadata import read_settings
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.model_sources import LoadedSource
from pipeline.jobs.models import Models
from pipeline.jobs.saved_pictures import SavedPictures
from pipeline.jobs.service import GenerationService
from pipeline.jobs.timings import Timings


def test_each_picture_of_a_request_is_saved_with_its_record(pipe: SanaPipeline, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "new folder"
    saved = SavedPictures(folder)
    service = GenerationService(Models([LoadedSource(pipe)]), Timings(tmp_path), JobQueue(), saved)
    list(service.draw(service.settle({"prompt": "A red house", "num_images": 2, "num_inference_steps": 1, "seed": 7})))
    files = sorted(folder.iterdir())
    assert [read_settings(path).seed for path in files] == [7, 8]
    assert all("-a-red-house-" in path.name for path in files)


def test_equal_names_get_numbers_and_nothing_is_overwritten(tmp_path: Path) -> None:
    saved = SavedPictures(tmp_path)
    for _ in range(3):
        saved.save(Image.new("RGB", (1, 1)), GenerationSettings("a house"))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_cannot_be_written_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SanaError, match="Pictures cannot be saved in"):
        SavedPictures(tmp_path / "file")


def test_a_full_disk_loses_no_picture_for_the_visitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    saved = SavedPictures(tmp_path)

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.jobs.saved_pictures.write_whole", full)
    saved.save(Image.new("RGB", (1, 1)), GenerationSettings("a house"))
    assert "No space left" in caplog.text
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("A red house!", "a-red-house"), ("../..", ""), ("红房子", "红房子"), ("word " * 30, "-".join(["word"] * 8))],
)
def test_the_words_of_a_prompt_make_a_file_name(prompt: str, words: str) -> None:
    assert prompt_words(prompt) == words
