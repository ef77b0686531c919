"""What a model is, as far as its small files tell: enough to draw the page while the weights are still to come."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..artifacts import DRAFT_DECODER, Manifest, read_family, read_json, read_manifest
from ..settings import SIZE_MULTIPLE
from ..variants import DRAFT_FILE, Defaults


@dataclass(frozen=True)
class Description:
    """`native` is the side in pixels that the model was made for; `components` and `pictures` are the manifest's;
    `has_draft` says that a draft decoder is there beside the full one."""

    source: str
    revision: str | None
    family: str
    compression: str
    defaults: Defaults
    native: int
    components: dict[str, Any] = field(default_factory=dict)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    is_miniature: bool = False
    has_draft: bool = False

    @property
    def name(self) -> str:
        """For a menu: the last part of the source, and the compression."""
        return f"{self.source.rstrip('/').rpartition('/')[2]} ({self.compression})"


def describe_folder(folder: Path, by_optimum: bool) -> Description:
    """Of an IR folder, ours or optimum-intel's, or of its small files alone; raises ArtifactError."""
    if by_optimum:
        from ..optimum import describe  # imports diffusers, seconds: only for these

        manifest = describe(folder)
    else:
        manifest = read_manifest(folder)
    sample_size = read_json(folder / "transformer" / "config.json").get("sample_size", 32)
    return describe_manifest(manifest, sample_size)


def describe_checkpoint(checkpoint: Path, compression: str) -> Description:
    """Of the bundled checkpoint, before it is precompiled; raises ArtifactError."""
    record = read_json(checkpoint / "sana.json")
    defaults = Defaults.from_record(record)
    return Description(
        source=record.get("name", checkpoint.name),
        revision=None,
        family=read_family(checkpoint),
        compression=compression,
        defaults=defaults,
        native=defaults.width,
        is_miniature=True,
        has_draft=(checkpoint / DRAFT_FILE).is_file(),
    )


def describe_manifest(manifest: Manifest, sample_size: int) -> Description:
    return Description(
        source=manifest.source,
        revision=manifest.revision,
        family=manifest.family,
        compression=manifest.compression,
        defaults=manifest.defaults,
        native=sample_size * SIZE_MULTIPLE,
        components=manifest.components,
        pictures=manifest.pictures,
        is_miniature=manifest.source == "sana-miniature",
        has_draft=DRAFT_DECODER in manifest.components,
    )
