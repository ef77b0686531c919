"""Train the miniature's decoder further, its encoder frozen: `python -m pipeline.miniature.training.decoder`.

The latents stay the same, so that this may run beside the transformer's training. The loss leans on the things in the
picture, and the latents are less noisy than while the encoder was learning.
"""

import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training import autoencoder
from pipeline.miniature.training.training_run import WORK, Run, ahead

STEPS, BATCH, DECAY, RATE = 2_000, 4, 0.998, 1.5e-3
NOISE = 0.06
THINGS = 2.0  # how much more than the rest the things weigh


def latest_autoencoder() -> AutoencoderDC:
    """Return the finished encoder, and the decoder as far as its training has come."""
    state = torch.load(WORK / "autoencoder.pt", weights_only=True)
    if state["step"] < autoencoder.STEPS:
        raise SystemExit(
            f"The encoder is not finished: its training is at step {state['step']} of {autoencoder.STEPS}."
        )
    model = autoencoder.build()
    model.load_state_dict(state["average"])
    further = WORK / "decoder.pt"
    if further.exists():
        model.decoder.load_state_dict(torch.load(further, weights_only=True)["average"])
    return model.eval()


def main() -> None:
    """Train to the last step, printing the loss now and then, and the PSNR at the end."""
    model = latest_autoencoder()
    model.encoder.requires_grad_(False)
    run = Run("decoder", model.decoder, autoencoder.optimizer(model.decoder, RATE), STEPS, DECAY)
    encoder = {f"encoder.{key}": value for key, value in model.encoder.state_dict().items()}
    for step, (images, mask) in ahead(run, lambda step: autoencoder.batch(f"decoder {step}", BATCH)):
        loss, _ = autoencoder.reconstruct(model, images, 1 + THINGS * mask, NOISE)
        run.descend(loss)
        if step % 250 == 0:
            print(f"step {step} loss {loss.item():.4f}, {run.seconds:.0f} s", flush=True)
    average = encoder | {f"decoder.{key}": value for key, value in run.average.items()}
    print(f"{run.step} steps in {run.seconds:.0f} s: {autoencoder.sharpness(average)}")


if __name__ == "__main__":
    main()
