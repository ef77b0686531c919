"""The program that exports a Sana checkpoint: `python precompile.py --model CHECKPOINT --output FOLDER`.

On request it publishes the folder on the Hugging Face Hub, with a Space that runs it.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from pipeline import __version__
from pipeline.domain.catalogue import CATALOGUE, LANGUAGES
from pipeline.domain.complaints import complain, start_logging
from pipeline.domain.errors import SanaError
from pipeline.domain.progress import Progress, print_progress
from pipeline.export.compression_recipes import RECIPES
from pipeline.miniature import CHECKPOINT
from pipeline.runtime.process_end import tidy_process

INTERRUPTED = 130  # the shell's exit status for Ctrl-C


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit status; print errors in one line."""
    options = parse(arguments)
    start_logging()
    if options.list:
        print(catalogue())
        return 0
    try:
        if options.output is None:
            raise SanaError("Where to? Name the folder to write with --output.")
        if options.model == str(CHECKPOINT) and not CHECKPOINT.is_dir():
            raise SanaError(f"There is no bundled miniature at {CHECKPOINT}: name a checkpoint with --model.")
        with tidy_process(options.end_with_input):
            run(options)
    except SanaError as error:
        complain("precompile.py", error)
        return 2
    except PermissionError as error:
        flags = "--model, --vae, --lora or --output"
        complain("precompile.py", f"No right to use {error.filename}: name another folder with {flags}.")
        return 2
    except OSError as error:  # for example, a full or removed disk
        complain("precompile.py", f"{error.strerror or error} ({error.filename or options.output}).")
        return 2
    except KeyboardInterrupt:
        print("precompile.py: interrupted; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    return 0


def run(options: argparse.Namespace) -> None:
    """Run the stages in order; raise SanaError if one fails.

    Publishing and checkpoint are checked before any weights are fetched, since an export may take an hour.
    """
    if options.push_to_hub is None and (options.space or options.private):
        raise SanaError("--space and --private belong to --push-to-hub: name the model repo with it.")
    if options.push_to_hub is not None:
        from pipeline.publish import check_publishing

        check_publishing(options.push_to_hub, options.space)
    from pipeline.hub.checkpoint_download import fetch_checkpoint, fetch_vae, find_configuration

    on_progress = print_json if options.json_progress else print_text
    from pipeline.hub.lora_source import find_lora

    loras = [find_lora(text, on_progress) for text in options.lora]
    checkpoint = find_configuration(options.model)
    others = [find_configuration(name) for name in options.vae]
    from pipeline.export import check_checkpoint, precompile  # takes seconds to load

    if any(source.name for source in (checkpoint, *others)):  # what cannot work is not fetched
        check_checkpoint(checkpoint.folder, [other.folder for other in others], loras)
        fetch_checkpoint(checkpoint, on_progress)
    vae = [fetch_vae(other, on_progress).folder for other in others]
    output = precompile(
        checkpoint.folder, options.output, options.compression, vae, checkpoint.name, on_progress, loras
    )
    if options.push_to_hub is not None:
        from pipeline.publish import publish, publish_space

        model = publish(output, checkpoint.folder, options.push_to_hub, options.private, on_progress)
        if options.space:
            publish_space(options.space, model, options.private, on_progress)


def print_text(progress: Progress) -> None:
    """Print the sentence of a record, except for the start of an export, which only concerns programs."""
    if (progress.stage, progress.done) != ("export", 0):
        print_progress(progress)


def print_json(progress: Progress) -> None:
    """Print a record as one line of JSON."""
    print(json.dumps(dataclasses.asdict(progress)), flush=True)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line (None: this process's)."""
    parser = argparse.ArgumentParser(
        prog="precompile.py",
        description="Turn a Sana checkpoint in diffusers' layout into a folder that app.py loads with --model.",
        epilog="A second run with the same inputs does nothing; an interrupted one is continued by the next.",
    )
    parser.add_argument(
        "--model",
        default=str(CHECKPOINT),
        metavar="DIR_OR_REPO",
        help="a checkpoint's folder, or OWNER/NAME[@REVISION] on the Hugging Face Hub (default: the bundled miniature)",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to write")
    parser.add_argument(
        "--compression",
        choices=RECIPES,
        default="fp16",
        help="; ".join(f"{name}: {recipe.meaning}" for name, recipe in RECIPES.items()) + " (default: fp16)",
    )
    parser.add_argument(
        "--vae",
        action="append",
        default=[],
        metavar="DIR_OR_REPO_OR_FILE",
        help="another autoencoder for the same latents (DC-AE, DC-AE-Lite); or a draft decoder or encoder beside "
        "the checkpoint's own (taesana_decoder.pth, taesana_encoder.pth, or .safetensors); repeat it for more than one",
    )
    parser.add_argument(
        "--lora",
        action="append",
        default=[],
        metavar="FILE_OR_REPO[:SCALE]",
        help="fuse a LoRA in diffusers' format into the transformer: a .safetensors file, a folder with one, or "
        "OWNER/NAME[@REVISION] on the Hub, at a scale (default: 1); repeat it for more than one",
    )
    parser.add_argument(
        "--push-to-hub",
        metavar="OWNER/NAME",
        help="publish the folder in this model repo on the Hub, with a card, and tag it when it is complete; needs a "
        "token with write rights (HF_TOKEN, or `hf auth login`)",
    )
    parser.add_argument("--private", action="store_true", help="make what is created on the Hub private")
    parser.add_argument(
        "--space",
        metavar="OWNER/NAME",
        help="with --push-to-hub: also create or update a Gradio Space there that runs the published model",
    )
    parser.add_argument("--list", action="store_true", help="print the published checkpoints, and do nothing else")
    parser.add_argument("--json-progress", action="store_true", help="print progress as JSON lines, for programs")
    parser.add_argument(
        "--end-with-input", action="store_true", help="end when the standard input is closed, for programs that may die"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser.parse_args(arguments)


def catalogue() -> str:
    """Return the published checkpoints as a table."""
    width = max(len(variant.repo) for variant in CATALOGUE) + 2
    head = f"{'checkpoint':<{width}}{'family':<8}{'size':>5}{'steps':>7}{'guidance':>10}"
    lines = [f"{head}  {'weights':<15}{'prompts in':<25}licence"]
    for variant in CATALOGUE:
        weights = (variant.weights or "bf16") + (", clipped" if variant.clip else "")
        lines.append(
            f"{variant.repo:<{width}}{variant.family.name:<8}{variant.size:>5}{variant.steps:>7}{variant.guidance:>10}"
            f"  {weights:<15}{LANGUAGES[variant.multilingual]:<25}{variant.terms.title}; Gemma Terms of Use"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
