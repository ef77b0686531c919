"""The autoencoder of a checkpoint, or another one in its place: it must speak of the same latents."""

from pathlib import Path

from ..artifacts import read_json
from ..errors import ArtifactError
from ..settings import SIZE_MULTIPLE


def find_vae(folder: Path) -> Path:
    """The folder of an autoencoder: `folder` itself, or its `vae` where it is a whole checkpoint's."""
    for candidate in (folder, folder / "vae"):
        if (candidate / "config.json").is_file():
            class_name = read_json(candidate / "config.json").get("_class_name")
            if class_name != "AutoencoderDC":
                raise ArtifactError(f"{candidate} holds a {class_name}; supported is AutoencoderDC.")
            return candidate
    raise ArtifactError(f"{folder} holds no autoencoder in diffusers' layout: it has no config.json.")


def check_vae_fits(folder: Path, transformer: Path) -> None:
    """Raises ArtifactError unless the decoder takes the transformer's latents and makes 32x32 pixels of each."""
    config, wanted = read_json(folder / "config.json"), read_json(transformer / "config.json").get("in_channels", 32)
    channels = config.get("latent_channels", 32)
    if channels != wanted:
        raise ArtifactError(f"{folder} decodes latents of {channels} channels; the transformer makes {wanted}.")
    compression = 2 ** (len(config.get("decoder_block_out_channels", "6 stages")) - 1)
    if compression != SIZE_MULTIPLE:
        raise ArtifactError(
            f"{folder} makes {compression}x{compression} pixels of a latent; only {SIZE_MULTIPLE}x{SIZE_MULTIPLE} fits."
        )
