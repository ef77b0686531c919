"""The work of each stage: `python -m tests.benchmark.flop CHECKPOINT SIZE [VAE ...]` prints it as JSON.

torch counts on shapes alone. A multiplication with its addition is two FLOP, in matrix products, convolutions and
attention.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderDC, SanaTransformer2DModel
from torch.utils.flop_counter import FlopCounterMode
from transformers import Gemma2Config, Gemma2Model

from pipeline.domain.size_parameters import SIZE_MULTIPLE
from pipeline.export.checkpoint import Checkpoint, read_checkpoint
from pipeline.export.taesana import read_draft
from pipeline.generation.text_encoder import Prefix, TextEncoder

from .task import PROMPT


def measure(checkpoint: Path, size: int, vaes: list[Path]) -> dict[str, Any]:
    """Return "tokens" (see `count_tokens`) and "flop" of each stage of a picture; the transformer's is of one step.

    Text encoder and transformer have two values. "padded" is what diffusers and optimum-intel compute; "real" is only
    what depends on the prompt's own tokens. The decoder has a value for "vae", the checkpoint's, and for each other one
    by the name of its folder.
    """
    source = read_checkpoint(checkpoint)
    tokens = count_tokens(source)
    with torch.device("meta"), torch.no_grad():
        side = size // SIZE_MULTIPLE
        decoders = {"vae": source.files.folders["vae"], **{vae.name: vae for vae in vaes}}
        channels = AutoencoderDC.load_config(source.files.folders["vae"])["latent_channels"]
        flop = {
            "text_encoder": of_text_encoder(source, tokens),
            "transformer": of_transformer(source, tokens, side),
            "vae_decoder": {name: of_decoder(path, side, channels) for name, path in decoders.items()},
        }
    return {"tokens": tokens, "flop": flop}


def count_tokens(source: Checkpoint) -> dict[str, int]:
    """Return how many tokens are "computed" after "cached" ones, and "attended" to by the transformer.

    The numbers are those of `TextEncoder`. Others compute "padded" tokens and attend to "padded attended" ones.
    """
    tokenizer = source.load_tokenizer()
    instruction = np.asarray(tokenizer("\n".join(source.instruction)).input_ids)
    tokens = {"padded": len(instruction) + source.max_sequence_length - 2}
    tokens["padded attended"] = source.max_sequence_length

    def infer(inputs: dict[str, np.ndarray]) -> np.ndarray:
        tokens["cached"] = inputs["past_keys"].shape[2]
        tokens["computed"] = inputs["input_ids"].shape[1]
        return np.zeros((1, tokens["computed"], 1), dtype=np.float32)

    nothing = np.zeros((1, 1, len(instruction), 1), dtype=np.float32)
    prefix = Prefix(instruction, nothing, nothing, nothing[0, 0])
    encoder = TextEncoder(infer, tokenizer, prefix, source.instruction, source.max_sequence_length)
    tokens["attended"] = encoder.encode(f"{PROMPT}, picture 1").embeddings.shape[1]
    return tokens


def of_text_encoder(source: Checkpoint, tokens: dict[str, int]) -> dict[str, int]:
    model = Gemma2Model(Gemma2Config.from_pretrained(source.files.folders["text_encoder"]))

    def encode(new: int, cache: Any = None, known: int = 0) -> Any:
        ids = torch.zeros(1, new, dtype=torch.long)
        mask = torch.zeros(1, 1, new, known + new)  # made here: transformers would look into the tensors to make one
        masks = {"full_attention": mask, "sliding_attention": mask}
        return model(ids, attention_mask=masks, past_key_values=cache, position_ids=ids, use_cache=True)

    cache = encode(tokens["cached"]).past_key_values
    real = _counted(lambda: encode(tokens["computed"], cache, tokens["cached"]))
    return {"padded": _counted(lambda: encode(tokens["padded"])), "real": real}


def of_transformer(source: Checkpoint, tokens: dict[str, int], side: int) -> dict[str, int]:
    config: Any = SanaTransformer2DModel.load_config(source.files.folders["transformer"])
    model: Any = SanaTransformer2DModel.from_config(config)

    def step(attended: int) -> Any:
        embeddings, mask = torch.zeros(1, attended, config["caption_channels"]), torch.zeros(1, attended)
        latent, one = torch.zeros(1, config["in_channels"], side, side), torch.zeros(1)
        return model(latent, embeddings, one, guidance=one, encoder_attention_mask=mask)

    return {
        "padded": _counted(lambda: step(tokens["padded attended"])),
        "real": _counted(lambda: step(tokens["attended"])),
    }


def of_decoder(path: Path, side: int, channels: int) -> int:
    """Return the FLOP of a decoder: of an autoencoder's folder, or of a draft decoder's file."""
    if path.is_file():
        with torch.device("cpu"):
            decode: Any = read_draft(path, channels)[1].to("meta")
    else:
        config: Any = AutoencoderDC.load_config(path)
        model: Any = AutoencoderDC.from_config(config)
        decode = model.decode
    return _counted(lambda: decode(torch.zeros(1, channels, side, side)))


def _counted(call: Callable[[], Any]) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


if __name__ == "__main__":
    checkpoint, size, *vaes = sys.argv[1:]
    print(json.dumps(measure(Path(checkpoint), int(size), [Path(vae) for vae in vaes])))
