"""The names of what lies in a model folder: that of a diffusers / optimum-intel export, plus `manifest.json`."""

MANIFEST = "manifest.json"
MODEL_INDEX = "model_index.json"
VAE_DECODER, DRAFT_DECODER = "vae_decoder", "draft_decoder"
TRANSFORMER_CONFIG = "transformer/config.json"
COMPONENTS = ("text_encoder", "transformer", VAE_DECODER)  # of every folder; some have a draft decoder beside
REQUIRED_FILES = (
    MODEL_INDEX,
    "scheduler/scheduler_config.json",
    "text_encoder/prefix.safetensors",
    *(f"{name}/{file}" for name in COMPONENTS for file in ("config.json", "openvino_model.xml", "openvino_model.bin")),
)
DRAFT_FILE = "draft_decoder.safetensors"  # in a checkpoint that brings one
