"""The miniature's text side: its instruction, a byte-level BPE tokenizer, and a tiny Gemma-2."""

import random

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import Gemma2Config, Gemma2Model, PreTrainedTokenizerFast

from pipeline.miniature.training.captions import caption, fragment
from pipeline.miniature.training.world import random_scene

INSTRUCTION = ["Draw one page of a picture book, plain and bright.", "Picture: "]
"""Stands where Sana has its complex human instruction: before the prompt, lines joined by a newline."""
VOCABULARY, TRAINING_CAPTIONS = 640, 20_000
HIDDEN = 256


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Train the tokenizer. Every byte is a token: any text tokenises. The words of the captions are one token each."""
    rng = random.Random("tokenizer")
    texts = []
    for _ in range(TRAINING_CAPTIONS):
        scene = random_scene(rng)
        texts += [" " + caption(scene, rng), fragment(scene, rng)]
    return train_tokenizer(texts, VOCABULARY)


def train_tokenizer(texts: list[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of so many tokens, trained on texts and the instruction."""
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
    """Return the untrained text encoder for so many tokens; the same at each call."""
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
    """Captions as token ids, the instruction before each that asks for it, and which hidden states are kept.

    Diffusers keeps token 0 and what follows the instruction but for its last token (`SanaPipeline.encode_prompt`).
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
        """Return prompt embeddings [N, L, hidden] and their mask [N, L]."""
        states = text_encoder(self.input_ids, attention_mask=self.mask).last_hidden_state
        index = self.kept[..., None].expand(-1, -1, states.shape[-1])
        return states.gather(1, index), self.kept_mask


def _padded(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(map(len, rows))
    values = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return values, mask
