"""Grids of the page: what a person writes, one job for all cells, their sheet, and the bar. See test_browser_list."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import build_service
from pipeline.domain.axes import EXPLORED, read_axes
from pipeline.domain.errors import SanaError, SettingsError
from pipeline.domain.limits import MAX_CELLS
from pipeline.domain.model import ModelDescription
from pipeline.domain.settings import GUIDANCE_SCALE, MODEL, NUM_INFERENCE_STEPS, SEED
from pipeline.domain.updates import (
    DecodeUpdate,
    EncodeUpdate,
    JobUpdate,
    PictureUpdate,
    Result,
    SheetUpdate,
    StepUpdate,
    StoppedUpdate,
)
from pipeline.generation.metadata import read_settings, write_png
from pipeline.jobs.models import Models
from pipeline.jobs.saved_pictures import SavedPictures
from pipeline.jobs.service import GenerationService
from pipeline.jobs.submitted_request import SubmittedRequest
from pipeline.jobs.timings import Timings
from pipeline.page.course import Course
from pipeline.page.explore import FIELDS, arrangement, kept_fields, read_form, suggested_values
from pipeline.page.generating import KEPT_EARLIER
from pipeline.page.payload import check_payload
from pipeline.page.picture_files import PictureFiles, file_name
from pipeline.page.picture_gallery import Arrangement, stage
from pipeline.page.words import English
from tests.painter import PAINTED, Painter, picture
from tests.waiting import wait_for

NAMES = ("small (fp16)", "large (fp16)")
TOKEN = 32 * "a"
HOUSE = {"prompt": "a house", "width": 256, "height": 256}


class Large(Painter):
    def describe(self) -> ModelDescription:
        return replace(PAINTED, source="large")


@pytest.fixture
def painter() -> Painter:
    return Painter()


@pytest.fixture
def service(painter: Painter, tmp_path: Path) -> GenerationService:
    service = build_service(Models([painter, Large()]))
    service.timings = Timings(tmp_path)
    return service


def submit(service: GenerationService, axes: dict[str, list[Any]], **values: Any) -> SubmittedRequest:
    return service.submit_grid({**HOUSE, **values}, axes, "me", "", "page", TOKEN)


def ended(submitted: SubmittedRequest) -> list[JobUpdate]:
    wait_for(lambda: submitted.job.is_finished)
    return submitted.job._read(0)[0]


def test_axes_are_read_as_they_are_written() -> None:
    axes = read_axes([(NUM_INFERENCE_STEPS, "2, 4，8"), (SEED, "7,1..3")], NAMES, MAX_CELLS)
    assert axes == {"num_inference_steps": [2, 4, 8], "seed": [7, 1, 2, 3]}
    axes = read_axes([(MODEL, ", ".join(NAMES)), (GUIDANCE_SCALE, "1.5,3")], NAMES, MAX_CELLS)
    assert list(axes.items()) == [("model", list(NAMES)), ("guidance_scale", [1.5, 3.0])]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ([(SEED, "1,2"), (SEED, "3")], "The seed is on both axes"),
        ([(SEED, " ")], "The seed has no values here"),
        ([(SEED, "1,4..2")], "from 0 to 4294967295, not '4..2'"),
        ([(SEED, "1,2,1")], "The seed 1 is there twice"),
        ([(NUM_INFERENCE_STEPS, "2,x")], "from 1 to 100, not 'x'"),
        ([(NUM_INFERENCE_STEPS, "2,")], "from 1 to 100, not ''"),
        ([(NUM_INFERENCE_STEPS, "99..101")], "from 1 to 100, not 101"),
        ([(MODEL, "small (fp16), other")], "There is no model 'other'"),
        ([(NUM_INFERENCE_STEPS, "1..6"), (SEED, "1..6")], "These are 36 pictures, and a grid has at most 32"),
        ([(SEED, "0..4294967295")], "These are 4,294,967,296 pictures"),
        ([(SEED, "1..9999999999"), (GUIDANCE_SCALE, "")], "These are 9,999,999,999 pictures"),
    ],
)
def test_axes_are_refused_in_one_sentence(written: list[Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_axes(written, NAMES, MAX_CELLS)


def test_the_folds_fields_make_axes(service: GenerationService) -> None:
    fields = dict(zip(FIELDS, ("seed", "1..2", "", "x"), strict=True))
    assert read_form(fields, service.models) == {"seed": [1, 2]}
    for damaged in (
        {"first_axis": ""},
        {"first_axis": "prompt"},
        {"second_axis": ["seed"]},
        {"second_axis": "model"},  # each would be loaded once for each row
        {"first_values": 1},
    ):
        with pytest.raises(SanaError, match="not what the page sends"):
            read_form({**fields, **damaged}, service.models)
    name = service.models.names[0]
    for parameter in EXPLORED:  # what is suggested is possible
        read_axes([(parameter, suggested_values(parameter, service.models, name))], service.models.names, MAX_CELLS)


def test_a_fold_that_was_kept_is_filled_in_again_where_it_can_be(service: GenerationService) -> None:
    fields = dict(zip(FIELDS, ("model", "a, b", "", ""), strict=True))
    assert kept_fields({**fields, "prompt": "a house"}, service.models) == fields
    assert kept_fields({"prompt": "a house"}, service.models) == {}
    one_model = Models([Painter()])
    for damaged, models in (
        ({}, one_model),
        ({"first_axis": "prompt"}, service.models),
        ({"second_axis": "model"}, service.models),
        ({"second_values": 1}, service.models),
    ):
        with pytest.raises(SanaError, match="kept"):
            kept_fields({**fields, **damaged}, models)


def test_a_grid_is_one_request_with_one_seed_and_a_sheet(service: GenerationService, tmp_path: Path) -> None:
    service._saved = SavedPictures(tmp_path / "saved")
    submitted = submit(service, {"num_inference_steps": [2, 4], "guidance_scale": [1.0, 3.0]}, randomize_seed=True)
    updates = ended(submitted)
    drawn = [update for update in updates if isinstance(update, PictureUpdate)]
    assert [(update.image, update.images) for update in drawn] == [(number, 4) for number in (1, 2, 3, 4)]
    settings = [settings for _, settings in submitted.drawings]
    assert [(each.num_inference_steps, each.guidance_scale) for each in settings] == [(2, 1), (2, 3), (4, 1), (4, 3)]
    assert len({each.seed for each in settings}) == 1
    sheet, result = updates[-2:]
    assert isinstance(sheet, SheetUpdate)
    assert isinstance(result, Result)
    assert len(list((tmp_path / "saved").iterdir())) == 5
    write_png(sheet.sheet, tmp_path / "sheet.png")
    with pytest.raises(SanaError, match="shows several pictures of a grid"):
        read_settings(tmp_path / "sheet.png")
    record = json.loads(sheet.sheet.info["sana"])
    assert record["grid"] == {"num_inference_steps": [2, 4], "guidance_scale": [1.0, 3.0]}
    assert service.kept.find(TOKEN) == [submitted]


def test_a_grid_over_models_draws_with_each(service: GenerationService) -> None:
    names = service.models.names
    submitted = submit(service, {"model": names, "seed": [5]})
    ended(submitted)
    assert [(name, settings.seed) for name, settings in submitted.drawings] == [(name, 5) for name in names]
    assert arrangement(submitted, English()).labels == [*(f"Model {name}, Seed 5" for name in names), "all in one"]
    assert service.models.loaded(names[1]) is not None


def test_stop_ends_a_grid_and_keeps_what_is_done(service: GenerationService, painter: Painter) -> None:
    painter.pause = 0.1
    submitted = submit(service, {"seed": [1, 2, 3]})
    wait_for(lambda: submitted.job.pictures)
    submitted.job.cancel()
    *_, last = ended(submitted)
    assert isinstance(last, StoppedUpdate)
    assert last.finished == len(submitted.job.pictures) in (1, 2)


def test_one_cell_that_is_refused_refuses_the_grid(service: GenerationService) -> None:
    with pytest.raises(SettingsError, match="number of steps"):
        submit(service, {"seed": [1, 2], "num_inference_steps": [2, 1000]})
    assert service.queue_counts == (0, 0)


def test_a_grid_takes_as_long_as_its_pictures(service: GenerationService) -> None:
    name = service.models.names[0]
    settings = service.settle({**HOUSE, "num_inference_steps": 10}).settings
    times = {"text_encoder": 1.0, "transformer": 10.0, "vae_decoder": 2.0}
    service.timings.learn(name, settings.values(), times)
    axes = {"num_inference_steps": [1, 5], "seed": [1, 2]}
    assert service.estimate_grid(HOUSE, axes) == pytest.approx(1.0 + 2 * (1 + 2) + 2 * (5 + 2))
    assert service.estimate_grid({**HOUSE, "width": 1}, axes) is None
    course = Course(service.timings, submit(service, axes))
    assert course.share(StepUpdate(1, 1, None, 1.0, 1, 4)) == pytest.approx(1 / 20)
    assert course.share(PictureUpdate(2, 4, None)) == pytest.approx(6 / 20)
    assert course.share(StepUpdate(1, 5, None, 1.0, 1, 4)) == pytest.approx(6 / 20)  # begun again: it does not fall
    assert course.after(2) == pytest.approx(14.0)


@pytest.mark.parametrize("is_known", [True, False])
def test_one_bar_grows_from_the_given_picture_to_the_drawn_one(tmp_path: Path, is_known: bool) -> None:
    service = build_service(Models([Painter()]))
    service.timings = timings = Timings(tmp_path)
    picture().save(tmp_path / "given.png")
    submitted = service.submit({**HOUSE, "image": tmp_path / "given.png", "strength": 1.0}, "me")
    if is_known:
        times = {"text_encoder": 1.0, "transformer": 5.0, "vae_decoder": 3.0, "vae_encoder": 2.0}
        timings.learn(submitted.model, submitted.settings.values(), times)
    course, steps = Course(timings, submitted), submitted.settings.num_inference_steps
    work: list[Any] = [
        *(EncodeUpdate(band, 2) for band in (1, 2)),
        *(StepUpdate(step, steps, None, 1.0) for step in range(1, steps + 1)),
        *(DecodeUpdate(1, 1, band, 3) for band in (1, 2, 3)),
        PictureUpdate(1, 1, None),
    ]
    shares = [course.share(update) for update in work]
    assert shares == sorted(shares)
    assert len(set(shares)) == len(shares) - 1  # the last band is the picture
    assert 0 < shares[0] < shares[1] == pytest.approx(0.2)
    assert shares[-1] == pytest.approx(1.0)


def test_pictures_of_one_name_have_files_of_their_own_at_the_same_place_again(tmp_path: Path) -> None:
    settings = submit(build_service(Models([Painter()])), {"num_inference_steps": [2, 4]}, seed=7).drawings
    paths = []
    for _ in range(2):
        files = PictureFiles(tmp_path, "key")
        for _, own in settings:
            files.write(picture(own.seed), file_name(own))
        paths.append(files.finished)
    assert paths[0] == paths[1] == [tmp_path / "key" / name for name in ("sana-a-house-7.png", "sana-a-house-7-2.png")]


def test_the_largest_grid_is_sent_back_within_the_limits() -> None:
    paths = [Path("folder") / f"{number}.png" for number in range(MAX_CELLS + 1)]
    sent = stage(paths, earlier=paths[:KEPT_EARLIER], arrangement=Arrangement(8, [str(path) for path in paths]))
    check_payload([sent, *range(60)], lambda path: True)  # with the values of all controls
