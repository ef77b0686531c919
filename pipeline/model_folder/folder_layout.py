"""The file names of a model folder: those of a diffusers or optimum-intel export, plus `manifest.json`."""

MANIFEST = "manifest.json"
MODEL_INDEX = "model_index.json"
VAE_DECODER, DRAFT_DECODER = "vae_decoder", "draft_decoder"
TEXT_ENCODER_CONFIG, TRANSFORMER_CONFIG = "text_encoder/config.json", "transformer/config.json"
SCHEDULER_CONFIG, VAE_DECODER_CONFIG = "scheduler/scheduler_config.json", "vae_decoder/config.json"
CONFIGURATIONS = (MODEL_INDEX, SCHEDULER_CONFIG, TEXT_ENCODER_CONFIG, TRANSFORMER_CONFIG, VAE_DECODER_CONFIG)
COMPONENTS = ("text_encoder", "transformer", VAE_DECODER)  # in every folder; some also have a draft decoder
REQUIRED_FILES = (
    MODEL_INDEX,
    SCHEDULER_CONFIG,
    "text_encoder/prefix.safetensors",
    *(f"{name}/{file}" for name in COMPONENTS for file in ("config.json", "openvino_model.xml", "openvino_model.bin")),
)
DRAFT_FILE = "draft_decoder.safetensors"  # in a checkpoint with a draft decoder
