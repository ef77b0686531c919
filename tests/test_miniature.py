"""The bundled miniature: its world keeps its promises, its training sees what diffusers sees, its files are whole."""

import json
import random
from typing import Any

import numpy as np
import torch
from diffusers import SanaPipeline

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.captions import caption
from pipeline.miniature.training.detector import Detection
from pipeline.miniature.training.evaluate import _match, evaluation_set, score
from pipeline.miniature.training.latents import SCENES, cells_of, scene_of, size_of
from pipeline.miniature.training.text import INSTRUCTION, PromptBatch
from pipeline.miniature.training.world import COLOURS, KINDS, UNSEEN_PAIRS, Thing, draw, object_mask, random_scene


def test_training_never_shows_an_unseen_pair_and_the_evaluation_set_always_does() -> None:
    trained = {(thing.colour, thing.kind) for index in range(3000) for thing in scene_of(index).things}
    assert not trained & UNSEEN_PAIRS
    assert trained == {(colour, kind) for colour in COLOURS for kind in KINDS} - UNSEEN_PAIRS
    for scene, _ in evaluation_set("unseen", 20, unseen=True):
        assert {(thing.colour, thing.kind) for thing in scene.things} & UNSEEN_PAIRS


def test_no_scene_of_the_evaluation_set_is_a_training_scene() -> None:
    trained = {(scene.background, scene.things) for scene in map(scene_of, range(SCENES))}
    assert not trained & {(scene.background, scene.things) for scene, _ in evaluation_set("seen", 200, unseen=False)}


def test_a_complete_caption_says_every_kind_and_colour() -> None:
    rng = random.Random(3)
    for _ in range(300):
        scene = random_scene(rng)
        words = caption(scene, rng, complete=True)
        for thing in scene.things:
            assert thing.kind in words, words
            assert thing.colour in words, words


def test_the_same_scene_is_drawn_alike_and_its_things_are_where_the_mask_is() -> None:
    scene = random_scene(random.Random(4))
    assert np.array_equal(np.asarray(draw(scene, 320, 192)), np.asarray(draw(scene, 320, 192)))
    assert object_mask(scene, 320, 192).shape == (192, 320)
    width, height = size_of(7)
    kinds, paints = cells_of(scene_of(7), width, height)
    assert kinds.shape == paints.shape == (height // 32, width // 32)
    shown = {KINDS[kind] for kind in kinds.flat if kind < len(KINDS)}
    assert shown <= {thing.kind for thing in scene_of(7).things}


def test_the_training_sees_the_tokens_that_diffusers_keeps() -> None:
    pipe = SanaPipeline.from_pretrained(CHECKPOINT, torch_dtype=torch.float32)
    captions = ["a red house by the sea", "two yellow stars at night."]
    for instructed in (True, False):
        embeddings, mask = PromptBatch(pipe.tokenizer, [(text, instructed) for text in captions]).encode(
            pipe.text_encoder
        )
        for row, text in enumerate(captions):
            theirs, their_mask, _, _ = pipe.encode_prompt(
                text,
                do_classifier_free_guidance=False,
                complex_human_instruction=INSTRUCTION if instructed else None,
                max_sequence_length=96,
            )
            kept = embeddings[row][mask[row].bool()]
            assert torch.allclose(kept, theirs[0][their_mask[0].bool()], atol=1e-4)


def test_the_score_is_of_what_the_picture_shows() -> None:
    things = (Thing("house", "red", "medium", 0.3, 0.5, 0.2), Thing("tree", "green", "medium", 0.7, 0.5, 0.2))
    tree, car = Detection("tree", "green", 0.2, 0.5), Detection("car", "red", 0.8, 0.5)
    assert _match(things, [tree, car]) == (car, tree)
    assert _match(things, [tree]) == (None, tree)

    class Blind:
        def detect(self, picture: object) -> tuple[list[Detection], str]:
            return [tree], "night"

    evaluation = [(scene, "") for scene, _ in evaluation_set("seen", 30, unseen=False)]
    blind: Any = Blind()
    nothing: list[Any] = [None] * len(evaluation)
    scores = score(blind, evaluation, nothing)
    assert scores["kind"] < 30
    assert scores["place"] < 50


def test_the_checkpoint_is_small_and_its_record_complete() -> None:
    files = [path for path in CHECKPOINT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 30e6
    assert max(path.stat().st_size for path in files) < 10e6
    record = json.loads((CHECKPOINT / "sana.json").read_text())
    assert record["complex_human_instruction"] == INSTRUCTION
