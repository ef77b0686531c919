"""A cluster that this program draws on: the models that it serves there, each with its replicas."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.progress import OnProgress
from ..jobs.model_sources import Pipeline
from .cluster_flags import ReplicaRange
from .connection import connected, in_time
from .deployment import Deployment
from .model_spec import DescribedModel, ModelSpec
from .node_check import check_nodes
from .remote_pipeline import RemotePipeline
from .sizing import Room, check_room, replica_threads


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
        found = [ModelSpec(name, device, low_memory).described() for name in names]
        check_nodes(self._ray, found)
        memory = max(each.memory for each in found)
        threads = self._threads(len(names), memory)
        self._deployments = [
            Deployment(f"{self._owner}{place}", each.spec, self._replicas, threads, memory)
            for place, each in enumerate(found, 1)
        ]
        for deployment in self._deployments:
            deployment.start()
        return [self.source(place, each.model) for place, each in enumerate(found)]

    def source(self, place: int, model: ModelDescription) -> "ClusterSource":
        """Return the source of the model at a place, which its replicas draw with."""
        deployment = self._deployments[place]
        return ClusterSource(model, deployment, f"{self._replicas} x {deployment.spec.device}")

    def successor(self, place: int, name: str) -> DescribedModel:
        """Return a model that can take the place of one here.

        Raises:
            SanaError: it cannot be described, here or on a node, or its replicas do not fit where the old ones are.
        """
        old = self._deployments[place]
        new = dataclasses.replace(old.spec, name=name).described()
        check_nodes(self._ray, [new])
        if new.memory > old.memory:  # any other fits where the old one is
            check_room(self._rooms(old), self._replicas.least, old.threads, new.memory)
        return new

    def change(self, place: int, new: DescribedModel) -> Iterator[int]:
        """As `Deployment.change`, for the model at a place."""
        return self._deployments[place].change(new.spec, new.memory)

    def end(self) -> None:
        for deployment in self._deployments:
            deployment.end()

    def _threads(self, models: int, memory: int) -> int:
        """Return the threads of a replica: those at which the most replicas fit, else those at which the least do."""
        rooms = self._rooms()
        if self._replicas.least < self._replicas.most:
            with suppress(SanaError):
                return replica_threads(rooms, models * self._replicas.most, memory)
        return replica_threads(rooms, models * self._replicas.least, memory)

    def _rooms(self, without: Deployment | None = None) -> list[Room]:
        """Return what is free on each node, as it were `without` the replicas of one deployment."""
        held = Counter(without.places().values() if without else ())
        cpus, memory = (without.threads, without.memory) if without else (0, 0)
        return [
            Room(free.get("CPU", 0.0) + held[node] * cpus, free.get("memory", 0.0) + held[node] * memory)
            for node, free in self._ray._private.state.available_resources_per_node().items()
        ]


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
