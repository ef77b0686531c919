"""The miniature's world and its training, without the art."""

import dataclasses
import random
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from pipeline.miniature.kinds import BY_ICON, COLOURS, HANDS, INDEX, KINDS
from pipeline.miniature.training import reading
from pipeline.miniature.training.descent import Descent
from pipeline.miniature.training.detector import GRID, Detection, Detector, Seen, loss_of
from pipeline.miniature.training.evaluate import evaluation_set, score
from pipeline.miniature.training.flat_weights import flatten
from pipeline.miniature.training.prompts import Prompts, build_text_encoder
from pipeline.miniature.training.training_run import Run
from pipeline.miniature.training.world.captions import caption
from pipeline.miniature.training.world.painting import COLOUR_NAMES, SceneArrays, background, regions
from pipeline.miniature.training.world.recolouring import recoloured
from pipeline.miniature.training.world.scenes import BACKGROUNDS, Scene, Thing, random_scene, unseen


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    rng = random.Random("test")
    return [random_scene(rng) for _ in range(300)]


def test_a_word_means_one_kind() -> None:
    words = [word for kind in KINDS for word, _ in kind.words]
    assert len(words) == len(set(words))


def test_training_shows_no_unseen_combination_and_the_yardstick_shows_one(scenes: list[Scene]) -> None:
    assert not any(map(unseen, scenes))
    rng = random.Random("yardstick")
    assert all(unseen(random_scene(rng, True)) for _ in range(50))


def test_things_lie_in_the_picture(scenes: list[Scene]) -> None:
    for scene in scenes:
        for thing in scene.things:
            assert thing.x - thing.radius >= -0.02, (scene.layout, thing)
            assert thing.x + thing.radius <= 1.02, (scene.layout, thing)
            assert thing.y - thing.radius >= -0.02, (scene.layout, thing)
            assert thing.y + thing.radius <= 1.02, (scene.layout, thing)


def test_a_complete_caption_names_things_colours_and_hand(scenes: list[Scene]) -> None:
    rng = random.Random("captions")
    for scene in scenes:
        text = caption(scene, rng, complete=True, style=True)
        assert scene.hand in text
        for thing in scene.things:
            kind = BY_ICON[thing.kind]
            assert thing.colour in text
            assert any(word in text for word in kind.words[0]), text


def test_backgrounds_differ_and_are_colours(scenes: list[Scene]) -> None:
    arrays = SceneArrays.of(scenes)
    y, x = torch.meshgrid(torch.linspace(0, 1, 32), torch.linspace(0, 1, 32), indexing="ij")
    pictures = background(arrays, x.expand(len(scenes), -1, -1), y.expand(len(scenes), -1, -1), 32)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    means = {name: pictures[arrays.background == BACKGROUNDS.index(name)].mean((0, 2, 3)) for name in ("night", "snow")}
    assert means["snow"].mean() > means["night"].mean() + 0.4


def test_a_red_thing_turns_blue_and_what_is_grey_stays() -> None:
    sprite = torch.zeros(1, 4, 8, 8)
    sprite[:, 3] = 1
    sprite[:, 0, :, :4] = 0.8  # red on the left
    sprite[:, :3, :, 4:] = 0.5  # grey on the right
    blue = recoloured(sprite, 1 + list(COLOURS).index("blue"))
    assert blue[0, 2, 0, 0] > 2 * blue[0, 0, 0, 0]
    assert torch.equal(blue[..., 4:], sprite[..., 4:])


def test_cells_name_what_is_painted_there(scenes: list[Scene]) -> None:
    arrays = SceneArrays.of(scenes)
    kinds, paints = reading.cells(arrays, 8, 8)
    assert (kinds[:, 0] == len(KINDS)).any()  # corners are mostly empty
    things = kinds != len(KINDS)
    assert (paints[~things] >= reading.NAMES[1] - len(BACKGROUNDS)).all()
    covered = regions(arrays, 8, 8).flatten(1)
    assert torch.equal(things, covered)


def test_embeddings_keep_the_first_token_and_what_follows_the_instruction() -> None:
    text_encoder = build_text_encoder().eval()
    prompts = Prompts(
        torch.tensor([[2, 10, 11, 12, 13], [2, 20, 21, 0, 0]]), torch.tensor([5, 3]), torch.tensor([3, 1]), 4
    )
    with torch.no_grad():
        embeddings, mask = prompts.encode(text_encoder)
        first = text_encoder(prompts.input_ids[:1]).last_hidden_state[0, [0, 3, 4]]
        second = text_encoder(prompts.input_ids[1:, :3]).last_hidden_state[0]  # without its padding
    assert mask.tolist() == [[1, 1, 1, 0], [1, 1, 1, 0]]
    torch.testing.assert_close(embeddings[0, :3], first)
    torch.testing.assert_close(embeddings[1, :3], second)


def take_a_plain_step(run: Run, loss: torch.Tensor) -> None:
    for group, peak in zip(run.optimizer.param_groups, run.peaks, strict=True):
        group["lr"] = peak * run.learning_rate()
    run.optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    run.optimizer.step()
    kept = min(run.decay, (1 + run.step) / (10 + run.step))
    for key, value in run.model.state_dict().items():
        run.average[key].lerp_(value, 1 - kept)


def test_a_step_is_that_of_a_plain_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.miniature.training.training_run.WORK", tmp_path)
    given = torch.arange(128.0).reshape(4, 2, 4, 4) / 64

    def begin(name: str, prepare: Any) -> Run:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.Flatten(), torch.nn.Linear(12, 1))
        groups: Any = [{"params": list(model[0].parameters()), "lr": 1e-3}, {"params": list(model[2].parameters())}]
        return Run(name, model, prepare(torch.optim.AdamW(groups, 1e-2)), 1e9, 0.9)

    plain, run = begin("plain", lambda optimizer: optimizer), begin("other", flatten)
    descend = Descent(run, lambda model, kind: (model(given).square().mean(),), "cpu")
    for _ in range(5):
        take_a_plain_step(plain, plain.model(given).square().mean())
        descend()
        plain.step = run.step = run.step + 1
    torch.testing.assert_close(run.model.state_dict(), plain.model.state_dict())
    torch.testing.assert_close(run.average, plain.average)
    run.save()
    resumed = begin("other", flatten)
    torch.testing.assert_close(resumed.model.state_dict(), run.model.state_dict())
    for each, losses in ((run, descend), (resumed, Descent(resumed, descend.losses, "cpu"))):
        losses()
        each.step += 1
    torch.testing.assert_close(resumed.model.state_dict(), run.model.state_dict())
    torch.testing.assert_close(resumed.average, run.average)
    assert float(descend.report()) > 0


def test_the_detectors_loss_is_least_for_what_the_scenes_show(scenes: list[Scene]) -> None:
    arrays = SceneArrays.of(scenes[:20])
    outputs = Detector()(torch.zeros(20, 3, 256, 256))
    right = [torch.full_like(output, -9.0) for output in outputs]
    for row, scene in enumerate(scenes[:20]):
        for thing in scene.things:
            y, x = int(thing.y * GRID), int(thing.x * GRID)
            right[0][row, 0, y, x] = 9
            right[1][row, INDEX[thing.kind], y, x] = 9
            right[2][row, COLOUR_NAMES.index(thing.colour), y, x] = 9
        right[3][row, BACKGROUNDS.index(scene.background)] = 9
        right[4][row, list(HANDS).index(scene.hand)] = 9
    assert loss_of(tuple(right), arrays) < 0.01
    assert loss_of(outputs, arrays) > 5


def test_a_training_ends_with_its_seconds_and_goes_on_from_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.miniature.training.training_run.WORK", tmp_path)

    def train(seconds: float) -> tuple[int, Run]:
        model = torch.nn.Linear(2, 1)
        run = Run("test", model, flatten(torch.optim.AdamW(model.parameters(), 1e-2)), seconds, 0.9)
        before = run.step

        def losses(trained: torch.nn.Module, kind: str) -> tuple[torch.Tensor, ...]:
            time.sleep(0.002)
            return (trained(torch.ones(4, 2)).square().mean(),)

        Descent(run, losses, "cpu").through()
        return before, run

    before, run = train(0.05)
    assert before == 0
    assert 0.05 <= run.seconds < 2
    assert run.learning_rate() < 0.02
    again, longer = train(0.1)
    assert again == run.step
    assert longer.step > run.step


def test_the_score_is_full_for_the_truth_and_less_for_less(scenes: list[Scene]) -> None:
    evaluation = [(scene, "") for scene in scenes]

    class Told:
        """A detector that is told the scenes, and does not see their first thing where it is `blind`."""

        def __init__(self, blind: bool) -> None:
            self._scenes, self._blind = iter(scenes), blind

        def detect(self, picture: object) -> Seen:
            scene = next(self._scenes)
            things = scene.things[self._blind :][::-1]
            found = (Detection(one.kind, one.colour, one.x, one.y) for one in things)
            return Seen(tuple(found), scene.background, scene.hand)

    def scored(blind: bool) -> dict[str, float]:
        detector: Any = Told(blind)
        pictures: Any = [None] * len(scenes)
        return score(detector, evaluation, pictures)

    assert set(scored(False).values()) == {100}
    less = scored(True)
    assert less["place"] == less["style"] == 100
    assert less["count"] == less["position"] == 0
    assert less["kind"] == less["colour"] < 60


def test_what_the_picture_shows_is_matched_to_the_caption_by_kind_and_colour() -> None:
    house, tree = (Thing(kind, colour, "medium", x, 0.5, 0.2, True) for kind, colour, x in (
        ("house", "red", 0.3), ("deciduous-tree", "green", 0.7)
    ))  # fmt: skip
    scene = Scene("night", "soft", (house, tree), "left of", (0.0,) * 6)
    seen_tree, car = Detection(tree.kind, "green", 0.2, 0.5), Detection("automobile", "red", 0.8, 0.5)

    def scored(found: list[Detection], background: str) -> dict[str, float]:
        detector: Any = SimpleNamespace(detect=lambda picture: Seen(tuple(found), background, "soft"))
        return score(detector, [(scene, "")], [Image.new("RGB", (1, 1))])

    # the red car stands for the red house, on the wrong side of the tree
    assert scored([seen_tree, car], "night") == {
        "kind": 50, "colour": 100, "place": 100, "position": 0, "count": 100, "style": 100
    }  # fmt: skip
    right = [dataclasses.replace(seen_tree, x=0.8), Detection("house", "red", 0.2, 0.5)]
    assert set(scored(right, "night").values()) == {100}


def test_the_evaluation_asks_for_what_is_offered() -> None:
    for shows_unseen in (False, True):
        scenes = [scene for scene, _ in evaluation_set("test", 40, shows_unseen)]
        assert all(unseen(scene) == shows_unseen for scene in scenes)
        assert all(BY_ICON[thing.kind].offered for scene in scenes for thing in scene.things)
