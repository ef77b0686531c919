"""The autoencoder of a checkpoint, or another one in its place: it must decode the transformer's latents."""

from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError
from ..domain.settings import SIZE_MULTIPLE

LATENT_CHANNELS, STAGES = 32, 6  # what diffusers' classes take for a configuration that does not say


def find_autoencoder(folder: Path) -> Path:
    """Return the folder of an autoencoder: `folder` itself, or the `vae` of a whole checkpoint; raise ArtifactError."""
    for candidate in (folder, folder / "vae"):
        if (candidate / "config.json").is_file():
            return candidate
    raise ArtifactError(f"{folder} holds no autoencoder in diffusers' layout: it has no config.json.")


def check_autoencoder(folder: Path, config: dict[str, Any], transformer_config: dict[str, Any]) -> None:
    """Raise ArtifactError unless `config` is that of a DC-AE that decodes the transformer's latents.

    Its decoder must make 32x32 pixels from each latent position.
    """
    class_name = config.get("_class_name")
    if class_name != "AutoencoderDC":
        raise ArtifactError(f"{folder} holds a {class_name}; supported is AutoencoderDC.")
    channels, wanted = config.get("latent_channels", LATENT_CHANNELS), latent_channels(transformer_config)
    if channels != wanted:
        raise ArtifactError(f"{folder} decodes latents of {channels} channels; the transformer makes {wanted}.")
    compression = 2 ** (len(config.get("decoder_block_out_channels", range(STAGES))) - 1)  # all but one stage double
    if compression != SIZE_MULTIPLE:
        raise ArtifactError(
            f"{folder} makes {compression}x{compression} pixels of a latent; only {SIZE_MULTIPLE}x{SIZE_MULTIPLE} fits."
        )


def latent_channels(transformer_config: dict[str, Any]) -> int:
    """Return the number of channels of the latents that a transformer makes."""
    return transformer_config.get("in_channels", LATENT_CHANNELS)
