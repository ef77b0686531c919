"""The bundled checkpoint: its prompts against diffusers, its files."""

import json

import torch
from diffusers import SanaPipeline

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.prompts import INSTRUCTION, Prompts


def test_the_training_sees_the_tokens_that_diffusers_keeps() -> None:
    pipe = SanaPipeline.from_pretrained(CHECKPOINT, torch_dtype=torch.float32)
    captions = ["a red house by the sea", "two yellow stars at night."]
    for instructed in (True, False):
        prompts = Prompts.of(pipe.tokenizer, [(text, instructed) for text in captions])
        with torch.no_grad():
            embeddings, mask = prompts.encode(pipe.text_encoder)
        for row, text in enumerate(captions):
            theirs, their_mask, _, _ = pipe.encode_prompt(
                text,
                do_classifier_free_guidance=False,
                complex_human_instruction=INSTRUCTION if instructed else None,
                max_sequence_length=96,
            )
            kept = embeddings[row][mask[row].bool()]
            assert torch.allclose(kept, theirs[0][their_mask[0].bool()], atol=1e-4)


def test_the_checkpoint_is_small_and_its_record_complete() -> None:
    files = [path for path in CHECKPOINT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6
    assert max(path.stat().st_size for path in files) < 10e6
    record = json.loads((CHECKPOINT / "sana.json").read_text())
    assert record["complex_human_instruction"] == INSTRUCTION
