"""The file names of a model folder: those of a diffusers or optimum-intel export, plus `manifest.json`."""

MANIFEST = "manifest.json"
MODEL_INDEX = "model_index.json"
VAE_DECODER, DRAFT_DECODER = "vae_decoder", "draft_decoder"
VAE_ENCODER, DRAFT_ENCODER = "vae_encoder", "draft_encoder"
TEXT_ENCODER_CONFIG, TRANSFORMER_CONFIG = "text_encoder/config.json", "transformer/config.json"
SCHEDULER_CONFIG, VAE_DECODER_CONFIG = "scheduler/scheduler_config.json", "vae_decoder/config.json"
CONFIGURATIONS = (MODEL_INDEX, SCHEDULER_CONFIG, TEXT_ENCODER_CONFIG, TRANSFORMER_CONFIG, VAE_DECODER_CONFIG)
COMPONENTS = ("text_encoder", "transformer", VAE_DECODER)  # of every folder
OPTIONAL_COMPONENTS = (VAE_ENCODER, DRAFT_DECODER, DRAFT_ENCODER)
ALL_COMPONENTS = (*COMPONENTS, *OPTIONAL_COMPONENTS)


def model_files(component: str) -> tuple[str, str]:
    """Return the files of a component's model: its graph and its weights."""
    return f"{component}/openvino_model.xml", f"{component}/openvino_model.bin"


REQUIRED_FILES = (
    MODEL_INDEX,
    SCHEDULER_CONFIG,
    "text_encoder/prefix.safetensors",
    *(file for name in COMPONENTS for file in (f"{name}/config.json", *model_files(name))),
)
DRAFT_FILES = {DRAFT_DECODER: "draft_decoder.safetensors", DRAFT_ENCODER: "draft_encoder.safetensors"}
"""The files of drafts in a checkpoint, by component."""
