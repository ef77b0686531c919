"""What the machine could do at best, and the work there is: `python -m tests.benchmark.roofline CHECKPOINT` and a size.

FLOP are counted by torch on shapes alone: two for each multiplication with its addition, in matrix products,
convolutions and attention.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch
from diffusers import AutoencoderDC, SanaTransformer2DModel
from openvino import opset13
from torch.utils.flop_counter import FlopCounterMode
from transformers import Gemma2Config, Gemma2Model

from pipeline.export.checkpoint import Checkpoint, read_checkpoint
from pipeline.settings import SIZE_MULTIPLE
from pipeline.text_encoder import Prefix, TextEncoder

from .task import PROMPT

SIDE = 4096  # of the matrices whose product tells the peak
TRIES = 5


def measure(checkpoint: Path, size: int) -> dict[str, Any]:
    """ "peak": FLOP/s by type; "flop": of the stages for one picture of `size`, as "padded" (diffusers and optimum-intel)
    and "real" (only tokens of the prompt, on the instruction's cached ones); "tokens": how many these are."""
    source = read_checkpoint(checkpoint)
    tokens = count_tokens(source)
    return {"peak": peak(), "tokens": tokens, "flop": count_flop(source, size, tokens)}


def count_tokens(source: Checkpoint) -> dict[str, int]:
    """By `TextEncoder` itself: "computed" after "cached" ones and "attended" to by the transformer, of the "padded"."""
    tokenizer = source.load_tokenizer()
    instruction = np.asarray(tokenizer("\n".join(source.instruction)).input_ids)
    nothing = np.zeros((1, 1, len(instruction), 1), dtype=np.float32)
    tokens = {"cached": 0, "computed": 0}

    def infer(inputs: dict[str, np.ndarray]) -> np.ndarray:
        tokens["cached"] = inputs["past_keys"].shape[2]
        tokens["computed"] = inputs["input_ids"].shape[1]
        return np.zeros((1, tokens["computed"], 1), dtype=np.float32)

    prefix = Prefix(instruction, nothing, nothing, nothing[0, 0])
    encoder = TextEncoder(infer, tokenizer, prefix, source.instruction, source.max_sequence_length)
    attended = encoder.encode(f"{PROMPT}, picture 1").embeddings.shape[1]
    padded = len(instruction) + source.max_sequence_length - 2
    return {**tokens, "attended": attended, "padded": padded, "attended padded": source.max_sequence_length}


def count_flop(source: Checkpoint, size: int, tokens: dict[str, int]) -> dict[str, dict[str, int]]:
    with torch.device("meta"):
        encoder = Gemma2Model(Gemma2Config.from_pretrained(source.folder / "text_encoder"))
        config: Any = SanaTransformer2DModel.load_config(source.folder / "transformer")
        transformer: Any = SanaTransformer2DModel.from_config(config)
        vae: Any = AutoencoderDC.from_config(AutoencoderDC.load_config(source.vae_folder))
        latent = torch.empty(1, config["in_channels"], size // SIZE_MULTIPLE, size // SIZE_MULTIPLE)

    def encode(new: int, cache: Any = None, known: int = 0) -> Any:
        ids = torch.zeros(1, new, dtype=torch.long, device="meta")
        mask = torch.empty(1, 1, new, known + new, device="meta")
        masks = {"full_attention": mask, "sliding_attention": mask}
        return encoder(ids, attention_mask=masks, past_key_values=cache, use_cache=True, position_ids=ids)

    def step(attended: int) -> Any:
        one = torch.empty(1, device="meta")
        embeddings = torch.empty(1, attended, config["caption_channels"], device="meta")
        mask = torch.empty(1, attended, device="meta")
        return transformer(latent, embeddings, one, guidance=one, encoder_attention_mask=mask)

    with torch.no_grad():
        cache = encode(tokens["cached"]).past_key_values if tokens["cached"] else None
        decode = flop(lambda: vae.decode(latent))
        return {
            "padded": {
                "text_encoder": flop(lambda: encode(tokens["padded"])),
                "transformer": flop(lambda: step(tokens["attended padded"])),
                "vae_decoder": decode,
            },
            "real": {
                "text_encoder": flop(lambda: encode(tokens["computed"], cache, tokens["cached"])),
                "transformer": flop(lambda: step(tokens["attended"])),
                "vae_decoder": decode,
            },
        }


def flop(call: Callable[[], Any]) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def peak() -> dict[str, float]:
    """FLOP/s of the fastest product of two large matrices, in torch or OpenVINO, whichever is faster."""
    a, b = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    peaks = {}
    for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        product = _openvino_product(name)
        x, y = a.to(dtype), b.to(dtype)
        seconds = [_seconds(lambda x=x, y=y: x @ y) for _ in range(TRIES)]
        seconds += [_seconds(lambda product=product: product([a.numpy(), b.numpy()])) for _ in range(TRIES)]
        peaks[name] = 2 * SIDE**3 / min(seconds)
    return peaks


def _openvino_product(precision: str) -> ov.CompiledModel:
    a, b = (opset13.parameter([SIDE, SIDE], np.float32) for _ in range(2))
    model = ov.Model([opset13.matmul(a, b, False, False)], [a, b])
    return ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    folder, side = sys.argv[1].splitlines()
    print(json.dumps(measure(Path(folder), int(side))))
