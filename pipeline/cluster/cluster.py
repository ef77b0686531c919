"""A cluster that this program draws on: the models that it serves there, each with its replicas."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.progress import OnProgress
from ..jobs.model_sources import NamedSource, Pipeline
from ..model_folder.files import expand_home
from .cluster_flags import ReplicaRange
from .connection import connected, in_time
from .deployment import Deployment
from .model_spec import ModelSpec
from .node_check import check_nodes
from .remote_pipeline import RemotePipeline
from .sizing import Room, replica_memory, replica_threads


@contextmanager
def joined(address: str, owner: str, replicas: ReplicaRange) -> Iterator["Cluster"]:
    """Yield the cluster at an address; at the end, the replicas of this program end as well.

    `owner` names this program among others on the cluster. Replicas that it has left there earlier end now.

    Raises:
        SanaError: as `connected`.
    """
    with connected(address) as ray:
        cluster = Cluster(ray, owner, replicas)
        try:
            yield cluster
        finally:
            in_time(cluster.end)


class Cluster:
    """What a program needs of a cluster. `sources` is called once."""

    def __init__(self, ray: Any, owner: str, replicas: ReplicaRange) -> None:
        from ray import serve

        serve.start(proxy_location="Disabled")
        self._ray = ray
        self._owner = f"sana-{owner}-"
        self._replicas = replicas
        self._deployments: list[Deployment] = []
        for name in serve.status().applications:
            if name.startswith(self._owner):
                serve.delete(name)

    def sources(self, names: Sequence[str | None], device: str, low_memory: bool = False) -> list["ClusterSource"]:
        """Start the replicas of each model, and return its source.

        Raises:
            SanaError: a model cannot be described, here or on a node, or the cluster is too small.
        """
        specs, models, sizes = [], [], []
        for name in names:
            spec = ModelSpec(_absolute(name), device, low_memory)
            source = spec.source()
            models.append(source.describe())
            if isinstance(source, NamedSource):  # on the Hub, it has pinned the commit
                spec = dataclasses.replace(spec, name=source.name)
            specs.append(spec)
            sizes.append(source.size)
        check_nodes(self._ray, specs, models)
        memory = replica_memory(max(sizes))
        threads = self._threads(len(names), memory)
        self._deployments = [
            Deployment(f"{self._owner}{place}", spec, self._replicas, threads, memory)
            for place, spec in enumerate(specs, 1)
        ]
        for deployment in self._deployments:
            deployment.start()
        return [
            ClusterSource(model, deployment, f"{self._replicas} x {device}")
            for model, deployment in zip(models, self._deployments, strict=True)
        ]

    def end(self) -> None:
        for deployment in self._deployments:
            deployment.end()

    def _threads(self, models: int, memory: int) -> int:
        """Return the threads of a replica: those at which the most replicas fit, else those at which the least do."""
        free = self._ray._private.state.available_resources_per_node().values()
        rooms = [Room(node.get("CPU", 0.0), node.get("memory", 0.0)) for node in free]
        if self._replicas.least < self._replicas.most:
            with suppress(SanaError):
                return replica_threads(rooms, models * self._replicas.most, memory)
        return replica_threads(rooms, models * self._replicas.least, memory)


class ClusterSource:
    """The source of a model whose replicas start or run on the cluster. It is loaded when one of them draws."""

    def __init__(self, model: ModelDescription, deployment: Deployment, device: str) -> None:
        self.device = device
        self._model = model
        self._deployment = deployment

    def describe(self) -> ModelDescription:
        return self._model

    def load(self, on_progress: OnProgress) -> Pipeline:
        return RemotePipeline(self._model, self._deployment, self._deployment.wait(on_progress))


def _absolute(name: str | None) -> str | None:
    """Return a name as it holds on all nodes: a folder with its whole path."""
    folder = name and expand_home(name)
    return str(folder.absolute()) if folder and folder.is_dir() else name
