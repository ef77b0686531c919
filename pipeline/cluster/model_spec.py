"""The name of a model and how it is loaded, the same for every node."""

import dataclasses
from dataclasses import dataclass

from ..domain.model import ModelDescription
from ..jobs.model_sources import BundledSource, NamedSource, source_of
from ..model_folder.files import expand_home
from .sizing import replica_memory


@dataclass(frozen=True)
class ModelSpec:
    """A model to load: a folder that all nodes see, a name on the Hub, or None for the bundled miniature."""

    name: str | None
    device: str
    low_memory: bool = False

    def source(self, max_threads: int | None = None) -> NamedSource | BundledSource:
        return source_of(self.name, self.device, self.low_memory, max_threads)

    def described(self) -> "DescribedModel":
        """Look at the model from this machine; raise SanaError if it cannot be described."""
        spec = dataclasses.replace(self, name=whole_name(self.name))
        source = spec.source()
        model = source.describe()
        if isinstance(source, NamedSource):  # on the Hub, it has pinned the commit
            spec = dataclasses.replace(spec, name=source.name)
        return DescribedModel(spec, model, replica_memory(source.size))


@dataclass(frozen=True)
class DescribedModel:
    """A model whose folder was found. Its name holds on all nodes; `memory` is the bytes that a replica takes."""

    spec: ModelSpec
    model: ModelDescription
    memory: int


def whole_name(name: str | None) -> str | None:
    """Return a name as it holds everywhere: a folder with its whole path."""
    folder = name and expand_home(name)
    return str(folder.absolute()) if folder and folder.is_dir() else name
