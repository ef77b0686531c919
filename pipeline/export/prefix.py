"""The prefix: hidden states, keys and values of the constant instruction before each prompt, computed in the export."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor
from transformers import DynamicCache, Gemma2Model

from ..model_folder.whole_files import write_whole

PREFIX = "prefix.safetensors"


def hidden_states_and_cache(model: Gemma2Model, token_ids: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return hidden states f32 [n, hidden], and keys and values f32 [layers, kv_heads, n, head_dim], of n tokens.

    Gemma is causal: those of the first p tokens do not depend on the tokens after them.
    """
    cache = DynamicCache()
    with torch.no_grad():
        output = model(torch.tensor([token_ids]), past_key_values=cache, use_cache=True)
    layers: list[Any] = cache.layers
    keys = torch.cat([layer.keys for layer in layers])
    values = torch.cat([layer.values for layer in layers])
    return output.last_hidden_state[0], keys, values


def hidden_states_after(model: Gemma2Model, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return what `modules.TextEncoderModule` returns for these inputs, computed with transformers' own cache."""
    keys, values = (torch.from_numpy(inputs[name])[:, None] for name in ("past_keys", "past_values"))
    cache = DynamicCache()
    for layer in range(len(keys)):
        cache.update(keys[layer], values[layer], layer)
    ids, positions = (torch.from_numpy(inputs[name]) for name in ("input_ids", "position_ids"))
    with torch.no_grad():
        output = model(ids, position_ids=positions, past_key_values=cache, use_cache=True)
    hidden_states: Tensor = output.last_hidden_state
    return hidden_states.numpy()


def write_prefix(model: Gemma2Model, token_ids: list[int], path: Path) -> None:
    """Compute and write the file of a `generation.text_encoder.Prefix`."""
    hidden_states, keys, values = hidden_states_and_cache(model, token_ids)
    arrays = {
        "token_ids": np.asarray(token_ids, dtype=np.int64),
        "keys": keys.numpy(),
        "values": values.numpy(),
        "hidden_states": hidden_states.numpy(),
    }
    write_whole(path, save(arrays))
