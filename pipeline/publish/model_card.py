"""The model card: origin, usage, measurements and licence of a model."""

from pathlib import Path
from typing import Any

from huggingface_hub import ModelCardData

from ..domain.catalogue import LANGUAGES, ModelVariant, find_variant
from ..domain.errors import ArtifactError
from ..domain.lora import Lora
from ..domain.model import ModelDescription
from ..generation.metadata import write_png
from ..hub.download_progress import megabytes
from ..hub.names import HubName
from ..model_folder.configurations import read_configurations
from ..model_folder.manifest import Manifest
from .licence import find_licence

SAMPLE = "sample.png"
SAMPLE_SIDE = 1024  # pixels, at most; chosen: the native size of the largest models takes minutes


def model_card(manifest: Manifest, checkpoint: Path, repo: str, tag: str) -> str:
    """Return README.md of a model repo, with the licence in the folder `checkpoint`."""
    model = manifest.model
    published = _published(manifest, checkpoint)
    # `git clone` calls a folder after the last part of the repo's name.
    source = published.repo if published and model.source in (published.name, published.repo) else model.source
    base = source if HubName.parse(source) else None  # None for a folder's name
    licence = find_licence(base or source, published, checkpoint)
    entries: dict[str, Any] = {**licence.entries}
    data = ModelCardData(
        base_model=base,
        base_model_relation="quantized" if base and model.compression != "fp16" else None,
        library_name="openvino",
        pipeline_tag="text-to-image",
        tags=["openvino", "nncf", "sana", model.family.name, model.compression, *(["lora"] if model.loras else [])],
        language=["en", "zh"] if model.languages == LANGUAGES[True] else None,
        **entries,
    )
    source = f"[{base}](https://huggingface.co/{base})" if base else source
    return f"""---
{data.to_yaml()}
---

# {repo.partition("/")[2]}

{model.family.title} for [OpenVINO](https://github.com/openvinotoolkit/openvino): {source} with
compression `{model.compression}`, made by `precompile.py` of Sana on OpenVINO.{_languages(model)}{_loras(model)}

![{model.pictures[0]["prompt"]}]({SAMPLE})

*{model.pictures[0]["prompt"]}*, drawn by this model; the file holds the settings that made it.

## How to run it

In the folder of Sana on OpenVINO, in Python

```python
from pipeline import SanaPipeline
pipe = SanaPipeline.from_pretrained("{repo}@{tag}")
pipe("a red house near the sea", seed=7).images[0].save("house.png")
```

or in the browser

```
python app.py --model {repo}@{tag}
```

Size and sha256 of each file are in `manifest.json`, and are verified before the model is loaded.

## What was measured

| component | weights | converted, against torch | compressed, against torch | size |
|---|---|---|---|---|
{_components(manifest)}

The same seed, drawn by this model and by the uncompressed checkpoint in torch:

| prompt | PSNR | SSIM |
|---|---|---|
{_pictures(model)}

Made with {", ".join(f"{tool} {version}" for tool, version in manifest.tools.items())}.

## Licence

{licence.text}{_lora_licences(model)}
"""


def draw_sample(folder: Path, manifest: Manifest, output: Path) -> Path:
    """Draw a picture with the model in `folder`, write it with its settings into `output`, and return its path."""
    from ..generation.pipeline import SanaPipeline  # takes seconds to import

    defaults = manifest.model.defaults
    pipe = SanaPipeline.from_pretrained(folder)
    result = pipe(
        manifest.model.pictures[0]["prompt"],
        width=min(defaults["width"], SAMPLE_SIDE),
        height=min(defaults["height"], SAMPLE_SIDE),
    )
    write_png(result.images[0], output / SAMPLE)
    return output / SAMPLE


def _languages(model: ModelDescription) -> str:
    return f" Prompts may be in: {model.languages}." if model.languages else ""


def _loras(model: ModelDescription) -> str:
    return f" Fused into it: {', '.join(map(_lora_name, model.loras))}." if model.loras else ""


def _lora_name(lora: Lora) -> str:
    where = f"[{lora.name}](https://huggingface.co/{lora.name}/tree/{lora.revision})" if lora.revision else lora.name
    return f"the LoRA {where} at scale {lora.scale:g}"


def _lora_licences(model: ModelDescription) -> str:
    """Return a sentence for the licence of each LoRA."""
    sentences = []
    for lora in model.loras:
        title = f"[{lora.licence}]({lora.licence_link})" if lora.licence_link else lora.licence
        said = f"is under {title}" if title else f"says nothing of its licence: ask who made {lora.name}"
        sentences.append(f" The LoRA {lora.name} {said}.")
    return "".join(sentences)


def _components(manifest: Manifest) -> str:
    rows = []
    for name, record in manifest.model.components.items():
        measured = f"{record['conversion_db']:.1f} dB | {record['parity_db']:.1f} dB"
        rows.append(f"| {name} | {record['compression']} | {measured} | {megabytes(manifest.size(f'{name}/'))} |")
    return "\n".join(rows)


def _pictures(model: ModelDescription) -> str:
    return "\n".join(
        f"| {picture['prompt']} | {picture['psnr_db']:.1f} dB | {picture['ssim']:.4f} |" for picture in model.pictures
    )


def _published(manifest: Manifest, checkpoint: Path) -> ModelVariant | None:
    """Return the published checkpoint with the same kind of transformer or, failing that, the same name on the Hub."""
    source = manifest.model.source
    try:
        content = read_configurations(checkpoint, checkpoint / "vae").published(source)
    except ArtifactError:  # the checkpoint is gone: only its name is left
        return find_variant(source)
    return content or (find_variant(source) if HubName.parse(source) else None)
