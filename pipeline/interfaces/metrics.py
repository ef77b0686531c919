"""Numbers for Prometheus, collected when it asks."""

from collections.abc import Iterator

import psutil
from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response

from ..jobs.service import GenerationService


def metrics_router(service: GenerationService) -> APIRouter:
    router, registry = APIRouter(), CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(service))

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router


class _Numbers(Collector):
    def __init__(self, service: GenerationService) -> None:
        self._service = service
        self._process = psutil.Process()

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "sana_requests", "Requests for pictures by interface and result.", labels=("interface", "result")
        )
        for labels, count in self._service.statistics.requests.items():
            requests.add_metric(labels, count)
        yield requests
        seconds = CounterMetricFamily("sana_stage_seconds", "Seconds spent in each stage.", labels=("stage",))
        for stage, spent in self._service.statistics.seconds.items():
            seconds.add_metric((stage,), spent)
        yield seconds
        waiting, running = self._service.queue_counts
        yield GaugeMetricFamily("sana_queue_length", "Requests that wait.", waiting)
        yield GaugeMetricFamily("sana_running", "Requests that are drawn.", running)
        memory = self._process.memory_info().rss
        yield GaugeMetricFamily("sana_memory_bytes", "Memory of the process, resident.", memory)
