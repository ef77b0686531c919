"""Live requests: the latest of each sender, for nobody's harm. Their switch is tested in a browser."""

from pathlib import Path

import pytest

from app import build_service
from pipeline.domain.errors import SettingsError
from pipeline.domain.updates import PictureUpdate
from pipeline.jobs.models import Models
from pipeline.jobs.saved_pictures import SavedPictures
from pipeline.jobs.service import GenerationService
from pipeline.jobs.statistics import DRAWN, STOPPED
from pipeline.page.live_events import LIVE_SECONDS, held_seed, is_quick
from tests.painter import Painter
from tests.waiting import wait_for

HOUSE, BOAT = {"prompt": "a house", "seed": 1}, {"prompt": "a boat", "seed": 1}


@pytest.fixture
def painter() -> Painter:
    return Painter()


@pytest.fixture
def live(painter: Painter, tmp_path: Path) -> GenerationService:
    service = build_service(Models([painter]))
    service._saved = SavedPictures(tmp_path / "saved")
    return service


def test_a_later_key_cancels_the_request_before(live: GenerationService, painter: Painter) -> None:
    painter.pause = 0.2
    first = live.live.submit(HOUSE, "me", "")
    second = live.live.submit(BOAT, "me", "")
    assert first
    assert second
    assert first.job.is_cancelled
    wait_for(lambda: second.job.is_finished)
    assert [type(each) for each in second.job.pictures] == [PictureUpdate]
    assert (first.job.outcome, second.job.outcome) == (STOPPED, DRAWN)
    assert live.statistics.requests == {("live", STOPPED): 1, ("live", DRAWN): 1}
    assert live.live._jobs == {}


def test_live_drawing_waits_for_all_others_and_gives_way(live: GenerationService, painter: Painter) -> None:
    painter.pause = 0.2
    mine = live.live.submit(HOUSE, "me", "")
    assert mine
    other = live.submit(BOAT, "other")
    assert mine.job.is_cancelled
    assert live.live.submit(HOUSE, "me", "") is None
    wait_for(lambda: other.job.is_finished)
    again = live.live.submit(HOUSE, "me", "")
    assert again
    wait_for(lambda: again.job.is_finished)
    assert again.job.outcome == DRAWN


def test_live_pictures_are_not_saved(live: GenerationService, tmp_path: Path) -> None:
    mine = live.live.submit(HOUSE, "me", "")
    assert mine
    wait_for(lambda: mine.job.is_finished)
    full = live.submit(BOAT, "me")
    wait_for(lambda: full.job.is_finished)
    (saved,) = (tmp_path / "saved").iterdir()
    assert "a-boat-1" in saved.name


def test_a_refused_value_leaves_the_request_before(live: GenerationService, painter: Painter) -> None:
    painter.pause = 0.2
    first = live.live.submit(HOUSE, "me", "")
    with pytest.raises(SettingsError, match="prompt is empty"):
        live.live.submit({"prompt": " "}, "me", "")
    assert first
    wait_for(lambda: first.job.is_finished)
    assert first.job.outcome == DRAWN


def test_only_quick_pictures_are_live(live: GenerationService, monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds, expected in ((None, False), (LIVE_SECONDS, True), (LIVE_SECONDS + 0.1, False)):
        monkeypatch.setattr(
            live, "estimate", lambda values, seconds=seconds: seconds and seconds * values["num_images"]
        )
        assert is_quick(live, {**HOUSE, "num_images": 4}) == expected


def test_the_held_seed_stands_for_a_random_one_only() -> None:
    held = held_seed(["prompt", "seed", "randomize_seed"])
    assert list(held) == [1, 2]  # the seed first: it looks whether it is to be random
    assert "values[2] ?" in held[1]
