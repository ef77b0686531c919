"""The further training of the decoder, with a frozen encoder: `python -m pipeline.miniature.training.decoder`.

The latents do not change, so this can run beside the transformer's training. The loss has more weight on things, and
the latents have less noise, than in the training of the whole autoencoder.
"""

import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training import autoencoder
from pipeline.miniature.training.training_run import WORK, Run, ahead

STEPS, BATCH, DECAY, RATE = 2_000, 4, 0.998, 1.5e-3  # chosen; the miniature's README has the time and the result
NOISE = 0.06  # the largest noise on latents, as a share of their standard deviation; chosen
THINGS = 2.0  # the extra weight of things in the loss; chosen


def latest_autoencoder() -> AutoencoderDC:
    """Return the autoencoder with the finished encoder and the latest state of the decoder."""
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
    """Train to the last step, and print the loss every 250 steps, and the PSNR at the end."""
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
