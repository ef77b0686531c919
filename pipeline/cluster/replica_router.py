"""The choice of the replica that draws: one that is free, and on the wanted kind of processor if there is one."""

import random
from typing import Any

from ray.serve._private.request_router.request_router import FIFOMixin
from ray.serve.request_router import RequestRouter

from .cluster_messages import PROCESSOR

PROBED = 8  # replicas that are asked at a time; chosen: with a thousand busy ones, a few questions find the free one


class ReplicaRouter(FIFOMixin, RequestRouter):  # type: ignore[misc]  # Ray is untyped here
    """Serve's router, which calls `choose_replicas` until one of those takes the request that has waited longest.

    The wanted kind comes as the request's "multiplexed model id", a free text that goes with each request.
    Serve's own choice asks two replicas at random: if all but one are busy, it would seldom find that one.
    """

    async def choose_replicas(self, candidate_replicas: list[Any], pending_request: Any = None) -> list[list[Any]]:
        """Return the replicas to ask, the preferred ones first."""
        free = self.select_available_replicas(candidate_replicas) or candidate_replicas
        wanted = pending_request.metadata.multiplexed_model_id if pending_request else ""
        same = [each for each in free if wanted and each.routing_stats.get(PROCESSOR) == wanted]
        return [random.sample(each, min(PROBED, len(each))) for each in (same, free) if each]
