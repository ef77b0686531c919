"""A random Sana checkpoint of a few hundred kilobytes in diffusers' folder layout, for tests without weights."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler, SanaSprintPipeline, SCMScheduler
from diffusers.models import AutoencoderDC, SanaTransformer2DModel
from diffusers.pipelines.sana.pipeline_sana import SanaPipeline
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import Gemma2Config, Gemma2Model, PreTrainedTokenizerFast

from pipeline.domain.families import FLOW, Family, find_family
from pipeline.export.taesana import build_draft_decoder, build_draft_encoder

INSTRUCTION = ["Draw one picture of what follows.", "Picture: "]
TEXT = "a red house under the big yellow moon and two white clouds near the blue sea draw one picture of what follows"
HIDDEN = 64
LATENT_CHANNELS = 32


def build(folder: Path, sample_size: int = 8, family: str = FLOW.name, **options: Any) -> Path:
    """Write the checkpoint and return its folder; the same arguments give the same weights.

    `sample_size` is the native side in latents of 32x32 pixels; `options` are those of `transformer`.
    """
    kind = find_family(family)
    parts = {
        "tokenizer": tokenizer(),
        "text_encoder": text_encoder(),
        "vae": autoencoder(),
        "transformer": transformer(sample_size, family=kind, **options),
    }
    if kind is FLOW:
        scheduler = DPMSolverMultistepScheduler(
            use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0, solver_order=2
        )
        SanaPipeline(**parts, scheduler=scheduler).save_pretrained(folder)
    else:
        SanaSprintPipeline(**parts, scheduler=SCMScheduler()).save_pretrained(folder)
    native = 32 * sample_size
    sana = {
        "complex_human_instruction": INSTRUCTION,
        "max_sequence_length": 300,
        "defaults": {
            "width": native,
            "height": native,
            "num_inference_steps": 4 if kind is FLOW else 2,
            "guidance_scale": 4.5,
        },
        "min_size": 128,
        "max_size": 2 * native,
    }
    (folder / "sana.json").write_text(json.dumps(sana))
    return folder


def tokenizer(text: str = TEXT, vocabulary: int = 320) -> PreTrainedTokenizerFast:
    """A byte-level BPE trained on a text: every byte is a token, so any text tokenises."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special_tokens = ["<pad>", "<eos>", "<bos>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special_tokens, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator([text], trainer)
    bpe.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", padding_side="right"
    )


def text_encoder() -> Gemma2Model:
    torch.manual_seed(1)
    config = Gemma2Config(
        vocab_size=320,
        hidden_size=HIDDEN,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        query_pre_attn_scalar=16,
        max_position_embeddings=1024,
        initializer_range=0.1,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    return Gemma2Model(config).eval()


def transformer(
    sample_size: int, interpolation_scale: float | None = None, heads: int = 4, family: Family = FLOW
) -> SanaTransformer2DModel:
    """Return one that is `heads` x 16 wide; Sprint's embeds the guidance and normalises queries and keys."""
    torch.manual_seed(2)
    width = heads * 16
    return SanaTransformer2DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_attention_heads=heads,
        attention_head_dim=16,
        num_layers=2,
        num_cross_attention_heads=2,
        cross_attention_head_dim=width // 2,
        cross_attention_dim=width,
        caption_channels=HIDDEN,
        sample_size=sample_size,
        interpolation_scale=interpolation_scale,
        guidance_embeds=family.embeds_guidance,
        qk_norm="rms_norm_across_heads" if family.embeds_guidance else None,
    ).eval()


def autoencoder(**options: Any) -> AutoencoderDC:
    """Return a DC-AE with 32-fold downsampling and as little in it as still has both kinds of blocks.

    ResBlocks are outside and an EfficientViT block is inside; the first stage is of DC-AE-Lite's kind, without layers.
    Whatever is left out here shortens each export of the tests.
    """
    torch.manual_seed(3)
    stages = {"block_out_channels": (8, 16, 32, 32, 64, 64), "layers_per_block": (0, 1, 1, 1, 1, 1)}
    return AutoencoderDC(
        **{
            "latent_channels": LATENT_CHANNELS,
            "attention_head_dim": 32,
            "scaling_factor": 0.41407,  # the DC-AE's own, so that a missing division would show
            **{f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in stages.items()},
            "encoder_block_types": ("ResBlock",) * 6,
            "decoder_block_types": ("ResBlock",) * 5 + ("EfficientViTBlock",),
            "decoder_qkv_multiscales": ((), (), (), (), (), (5,)),
            **options,
        }
    ).eval()


def draft_decoder(file: Path) -> tuple[torch.nn.Sequential, Path]:
    """A narrow TAESANA of random weights, written to `file`, and the file."""
    torch.manual_seed(4)
    return _write_random(build_draft_decoder(LATENT_CHANNELS, [32, 16, 16, 8, 8, 8]), file), file


def draft_encoder(file: Path) -> tuple[torch.nn.Sequential, Path]:
    """A narrow TAESANA encoder of random weights, written to `file`, and the file."""
    torch.manual_seed(5)
    return _write_random(build_draft_encoder(LATENT_CHANNELS, [8, 16]), file), file


def _write_random(network: torch.nn.Sequential, file: Path) -> torch.nn.Sequential:
    """Give a draft random weights that keep the variance of what they multiply, and write them to a file."""
    network.eval().requires_grad_(False)
    for name, weight in network.named_parameters():
        weight.normal_(0, (2 / weight[0].numel()) ** 0.5 if weight.dim() > 1 else 0.1)
        if name.endswith("conv.4.weight"):
            weight.mul_(0.5)
    if file.suffix == ".safetensors":
        save_file(network.state_dict(), file)
    else:
        torch.save(network.state_dict(), file)
    return network
