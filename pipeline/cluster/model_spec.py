"""The name of a model and how it is loaded, the same for every node."""

from dataclasses import dataclass

from ..jobs.model_sources import BundledSource, NamedSource, source_of


@dataclass(frozen=True)
class ModelSpec:
    """A model to load: a folder that all nodes see, a name on the Hub, or None for the bundled miniature."""

    name: str | None
    device: str
    low_memory: bool = False

    def source(self, max_threads: int | None = None) -> NamedSource | BundledSource:
        return source_of(self.name, self.device, self.low_memory, max_threads)
