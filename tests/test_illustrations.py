"""The world and the training of the miniature's second edition, without its art."""

import random
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.miniature.illustrations import naming
from pipeline.miniature.illustrations.budget import Run
from pipeline.miniature.illustrations.drawing import SceneArrays, background, regions
from pipeline.miniature.illustrations.kinds import COLOURS, KINDS
from pipeline.miniature.illustrations.phrases import caption
from pipeline.miniature.illustrations.prompts import Prompts
from pipeline.miniature.illustrations.recolouring import recoloured
from pipeline.miniature.illustrations.scenes import BACKGROUNDS, Scene, random_scene, unseen


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
            kind = next(kind for kind in KINDS if kind.icon == thing.kind)
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
    kinds, paints = naming.cells(arrays, 8, 8)
    assert (kinds[:, 0] == len(KINDS)).any()  # corners are mostly empty
    things = kinds != len(KINDS)
    assert (paints[~things] >= naming.NAMES[1] - len(BACKGROUNDS)).all()
    covered = regions(arrays, 8, 8).flatten(1)
    assert torch.equal(things, covered)


def test_embeddings_keep_the_first_token_and_what_follows_the_instruction() -> None:
    class Echo(torch.nn.Module):
        def forward(self, ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            return type("Output", (), {"last_hidden_state": ids[..., None].float()})

    prompts = Prompts(
        torch.tensor([[2, 10, 11, 12, 13], [2, 20, 21, 0, 0]]), torch.tensor([5, 3]), torch.tensor([3, 1])
    )
    echo: Any = Echo()
    embeddings, mask = prompts.encode(echo)
    assert embeddings[0, mask[0].bool(), 0].tolist() == [2, 12, 13]
    assert embeddings[1, mask[1].bool(), 0].tolist() == [2, 20, 21]


def test_a_training_ends_with_its_seconds_and_goes_on_from_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.miniature.illustrations.budget.WORK", tmp_path)

    def train(seconds: float) -> tuple[int, Run]:
        model = torch.nn.Linear(2, 1)
        run = Run("test", model, torch.optim.AdamW(model.parameters(), 1e-2), seconds, 0.9)
        before = run.step
        for _ in run:
            run.descend(model(torch.ones(4, 2)).square().mean())
            time.sleep(0.002)
        return before, run

    before, run = train(0.05)
    assert before == 0
    assert 0.05 <= run.seconds < 2
    assert run.learning_rate() < 0.02
    again, longer = train(0.1)
    assert again == run.step
    assert longer.step > run.step
