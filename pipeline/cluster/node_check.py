"""The look at each node before replicas start: whether it has the model and the same libraries."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from .model_spec import DescribedModel, ModelSpec
from .ray_import import short

LIBRARIES = ("openvino", "torch", "diffusers", "transformers", "pillow")  # pictures depend on them
SECONDS = 20.0  # for all nodes to answer; chosen: with the connection, a refusal comes within 30 s


@dataclass(frozen=True)
class NodeView:
    """What a node sees: its name, its libraries' versions, and the models or, for the first that fails, the error."""

    host: str
    versions: dict[str, str | None]
    models: list[ModelDescription]
    error: str | None


def look(specs: Sequence[ModelSpec]) -> NodeView:
    """Look from this machine."""
    models: list[ModelDescription] = []
    error = None
    try:
        models.extend(spec.source().describe() for spec in specs)
    except SanaError as problem:
        error = str(problem)
    return NodeView(platform.node(), versions(), models, error)


def versions() -> dict[str, str | None]:
    return {name: _version(name) for name in LIBRARIES}


def compare(views: Sequence[NodeView], models: Sequence[ModelDescription]) -> None:
    """Raise SanaError for the first node that has other libraries than this machine, or does not see the `models`."""
    own = versions()
    for view in views:
        for name, theirs in view.versions.items():
            if theirs != own[name]:
                raise SanaError(
                    f"{view.host}, a machine of the cluster, has {name} {theirs or 'in no version'}, and this one "
                    f"{own[name]}: install the same on both."
                )
        if view.error:
            raise SanaError(f"{view.host}, a machine of the cluster, cannot load the model: {view.error}")
        for its, ours in zip(view.models, models, strict=True):
            if its != ours:
                raise SanaError(
                    f"{view.host}, a machine of the cluster, has another model where this one has {ours.name}: copy it "
                    "there, or put it into a folder that all machines see."
                )


def check_nodes(ray: Any, found: Sequence[DescribedModel]) -> None:
    """Let each node look at once for models found here; raise SanaError as `compare`, or if a node does not answer."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    specs = [each.spec for each in found]
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    remote = ray.remote(num_cpus=0)(look)
    looks = [
        remote.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(specs)
        for node in nodes
    ]
    try:
        views = ray.get(looks, timeout=SECONDS)
    except ray.exceptions.RayError as error:
        raise SanaError(f"Not every machine of the cluster can look for the model: {short(error)}") from error
    compare(views, [each.model for each in found])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
