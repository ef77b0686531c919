"""The scenes that all trainings learn from, with their prompts: `python -m pipeline.miniature.training.corpus`.

The scenes are invented once, on all cores. Each training paints those that it needs.
"""

import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields

import torch
from transformers import PreTrainedTokenizerFast

from pipeline.miniature.training.prompts import Prompts, build_tokenizer
from pipeline.miniature.training.training_run import WORK
from pipeline.miniature.training.world.captions import prompt_for
from pipeline.miniature.training.world.painting import SceneArrays
from pipeline.miniature.training.world.scenes import random_scene

CORPUS = WORK / "corpus.pt"
CHUNK, PROMPTS_EACH = 2000, 4  # scenes that a process invents at a time, and prompts for each scene; chosen
SCENES = 250_000  # chosen; the README beside this file has the time to paint and encode them


def load(device: str | torch.device) -> tuple[SceneArrays, Prompts]:
    """Return the scenes and their prompts. Scene i has the PROMPTS_EACH prompts from row i * PROMPTS_EACH on."""
    state = torch.load(CORPUS, weights_only=True, map_location=device)
    return SceneArrays(**state["scenes"]), Prompts(**state["prompts"])


def main(scenes: int = SCENES) -> None:
    """Invent the scenes and their prompts, in chunks, and write them to the work folder."""
    global _TOKENIZER
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    _TOKENIZER = build_tokenizer()  # before the processes are forked, so that they have it
    chunks = range(0, scenes, CHUNK)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
        parts = list(pool.map(_chunk, chunks))
    arrays, prompts = zip(*parts, strict=True)
    longest, most = (
        -(-max(sizes) // 8) * 8  # multiples of 8, which attention on a GPU needs to be fast
        for sizes in ([part.input_ids.shape[1] for part in prompts], [part.most for part in prompts])
    )
    state = {
        "scenes": {f.name: torch.cat([getattr(part, f.name) for part in arrays]) for f in fields(SceneArrays)},
        "prompts": {
            "input_ids": torch.cat(
                [torch.nn.functional.pad(part.input_ids, (0, longest - part.input_ids.shape[1])) for part in prompts]
            ).short(),
            "length": torch.cat([part.length for part in prompts]).short(),
            "start": torch.cat([part.start for part in prompts]).short(),
            "most": most,
        },
    }
    WORK.mkdir(parents=True, exist_ok=True)
    aside = CORPUS.with_suffix(".tmp")
    torch.save(state, aside)
    os.replace(aside, CORPUS)
    print(f"corpus: {len(chunks) * CHUNK} scenes, prompts of at most {longest} tokens", flush=True)


_TOKENIZER: PreTrainedTokenizerFast | None = None


def _chunk(start: int) -> tuple[SceneArrays, Prompts]:
    assert _TOKENIZER is not None
    torch.set_num_threads(1)
    rng = random.Random(f"corpus {start}")
    scenes = [random_scene(rng) for _ in range(CHUNK)]
    captions = [prompt_for(scene, rng) for scene in scenes for _ in range(PROMPTS_EACH)]
    return SceneArrays.of(scenes), Prompts.of(_TOKENIZER, captions)


if __name__ == "__main__":
    main()
