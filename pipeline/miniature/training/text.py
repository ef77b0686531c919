"""The miniature's text encoding: an instruction, a byte-level BPE tokenizer, and a tiny Gemma-2."""

import random

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import Gemma2Config, Gemma2Model, PreTrainedTokenizerFast

from pipeline.miniature.training.captions import caption, fragment
from pipeline.miniature.training.world import random_scene

INSTRUCTION = ["Draw one page of a picture book, plain and bright.", "Picture: "]
"""The lines before each prompt, joined by a newline, like Sana's `complex_human_instruction`."""
VOCABULARY, TRAINING_CAPTIONS = 640, 20_000  # chosen: every word of the captions becomes a single token
HIDDEN = 256  # the size of the text encoder's hidden states; chosen


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Train the tokenizer on captions. Since every byte is a token, it can tokenise any text."""
    rng = random.Random("tokenizer")
    texts = []
    for _ in range(TRAINING_CAPTIONS):
        scene = random_scene(rng)
        texts += [" " + caption(scene, rng), fragment(scene, rng)]
    return train_tokenizer(texts, VOCABULARY)


def train_tokenizer(texts: list[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Train a tokenizer with `vocabulary` tokens on `texts` and the instruction."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "<eos>", "<bos>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator([*texts, "\n".join(INSTRUCTION).lower()], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", padding_side="right"
    )


def build_text_encoder(vocabulary: int, intermediate: int = 768) -> Gemma2Model:
    """Return the untrained text encoder for `vocabulary` tokens, with the same weights in each call."""
    torch.manual_seed(2)
    return Gemma2Model(
        Gemma2Config(
            vocab_size=vocabulary,
            hidden_size=HIDDEN,
            intermediate_size=intermediate,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            query_pre_attn_scalar=64,
            max_position_embeddings=1024,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=2,
        )
    )


class PromptBatch:
    """A batch of captions as token ids.

    `captions` are pairs of a caption and whether the instruction comes before it. Of a caption after the instruction,
    only the hidden states are kept that diffusers' `SanaPipeline.encode_prompt` keeps: those of token 0, and those from
    the last token of the instruction on.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, captions: list[tuple[str, bool]]):
        instruction = "\n".join(INSTRUCTION)
        offset = len(tokenizer.encode(instruction))
        rows = tokenizer([instruction + text if instructed else text for text, instructed in captions]).input_ids
        kept = [
            [0, *range(offset - 1, len(row))] if instructed else list(range(len(row)))
            for row, (_, instructed) in zip(rows, captions, strict=True)
        ]
        self.input_ids, self.mask = _padded(rows)
        self.kept, self.kept_mask = _padded(kept)

    def encode(self, text_encoder: Gemma2Model) -> tuple[torch.Tensor, torch.Tensor]:
        """Return prompt embeddings f32 [N, L, hidden] and their mask i64 [N, L] (1 keep, 0 drop)."""
        states = text_encoder(self.input_ids, attention_mask=self.mask).last_hidden_state
        index = self.kept[..., None].expand(-1, -1, states.shape[-1])
        return states.gather(1, index), self.kept_mask


def _padded(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(map(len, rows))
    values = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return values, mask
