"""The model card: what it is, where it comes from and under which terms, how to run it, what was measured."""

from pathlib import Path
from typing import Any

from huggingface_hub import ModelCardData, metadata_load

from ..artifacts import Manifest, read_json
from ..hub.names import HubName
from ..hub.progress import megabytes
from ..image import write_png
from ..variants import find_variant

SAMPLE = "sample.png"
SAMPLE_SIDE = 1024  # pixels at most: the largest models' own size takes minutes
FAMILIES = {"flow": "Sana", "sprint": "Sana-Sprint"}
GEMMA = (
    "Its text encoder is Gemma 2: Gemma is provided under and subject to the Gemma Terms of Use found at "
    "[ai.google.dev/gemma/terms](https://ai.google.dev/gemma/terms), and to the "
    "[Gemma Prohibited Use Policy](https://ai.google.dev/gemma/prohibited_use_policy)."
)


def model_card(manifest: Manifest, checkpoint: Path, repo: str, tag: str) -> str:
    """README.md of a model repo; `checkpoint` is the folder whose licence is carried over."""
    variant = find_variant(manifest.source)
    source = variant.repo if variant else manifest.source
    base = source if HubName.parse(source) else None  # a folder's name is no model on the Hub
    data = ModelCardData(
        base_model=base,
        base_model_relation="quantized" if base and manifest.compression != "fp16" else None,
        library_name="openvino",
        pipeline_tag="text-to-image",
        tags=["openvino", "nncf", "sana", manifest.family, manifest.compression],
        **_licence(manifest, checkpoint),
    )
    source = f"[{base}](https://huggingface.co/{base})" if base else source
    return f"""---
{data.to_yaml()}
---

# {repo.partition("/")[2]}

{FAMILIES[manifest.family]} for [OpenVINO](https://github.com/openvinotoolkit/openvino): {source} with
compression `{manifest.compression}`, made by `precompile.py` of Sana on OpenVINO.

![{manifest.pictures[0]["prompt"]}]({SAMPLE})

*{manifest.pictures[0]["prompt"]}*, drawn by this model; the file holds the settings that made it.

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
{_pictures(manifest)}

Made with {", ".join(f"{tool} {version}" for tool, version in manifest.tools.items())}.

## Licence

{_terms(manifest, data, base)}
"""


def draw_sample(folder: Path, manifest: Manifest, room: Path) -> Path:
    """A picture by this very folder, as a PNG with its settings, written into the folder `room`."""
    from ..sana import SanaPipeline  # takes seconds to load

    defaults = manifest.defaults
    pipe = SanaPipeline.from_pretrained(folder)
    result = pipe(
        manifest.pictures[0]["prompt"],
        width=min(defaults.width, SAMPLE_SIDE),
        height=min(defaults.height, SAMPLE_SIDE),
    )
    write_png(result.images[0], room / SAMPLE)
    return room / SAMPLE


def _components(manifest: Manifest) -> str:
    rows = []
    for name, record in manifest.components.items():
        measured = f"{record['conversion_db']:.1f} dB | {record['parity_db']:.1f} dB"
        rows.append(f"| {name} | {record['compression']} | {measured} | {megabytes(manifest.size(f'{name}/'))} |")
    return "\n".join(rows)


def _pictures(manifest: Manifest) -> str:
    return "\n".join(
        f"| {picture['prompt']} | {picture['psnr_db']:.1f} dB | {picture['ssim']:.4f} |"
        for picture in manifest.pictures
    )


def _licence(manifest: Manifest, checkpoint: Path) -> dict[str, Any]:
    """What the checkpoint's own card or `sana.json` says; the cards of the published ones say it in words only."""
    card, sana = checkpoint / "README.md", checkpoint / "sana.json"
    for said in (metadata_load(card) if card.is_file() else None, read_json(sana) if sana.is_file() else None):
        if said and "license" in said:
            return {key: said[key] for key in ("license", "license_name", "license_link") if key in said}
    variant = find_variant(manifest.source)
    if variant:
        return {
            "license": "other",
            "license_name": "nscl-v2-custom-and-gemma-terms",
            "license_link": f"https://huggingface.co/{variant.repo}/blob/main/LICENSE.txt",
        }
    return {"license": "unknown"}


def _terms(manifest: Manifest, data: ModelCardData, base: str | None) -> str:
    values = data.to_dict()
    name, link = values.get("license_name", values["license"]), values.get("license_link")
    terms = f"[{name}]({link})" if link else name
    if values["license"] == "unknown":
        return f"The checkpoint says nothing of its licence: ask who made {manifest.source}."
    sentences = [f"That of {base or manifest.source}: {terms}."]
    if find_variant(manifest.source):
        sentences.append(GEMMA)
    return " ".join(sentences)
