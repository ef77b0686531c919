"""What Prometheus is told, read by its own parser."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app import build_service
from pipeline import SanaPipeline
from pipeline.jobs.model_sources import LoadedSource
from pipeline.jobs.models import Models
from tests.serving import serve_all


def read(url: str) -> dict[tuple[str, ...], float]:
    answer = httpx.get(f"{url}metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_requests_by_interface_and_result_and_where_the_time_went(pipe: SanaPipeline) -> None:
    with serve_all(build_service(Models([LoadedSource(pipe)]))) as url:
        assert httpx.get(f"{url}readyz").status_code == 503
        httpx.post(f"{url}v1/images/generations", json={"prompt": "a house", "num_inference_steps": 1}, timeout=60)
        httpx.post(f"{url}v1/images/generations", json={"prompt": ""})
        httpx.post(f"{url}sdapi/v1/txt2img", json={"prompt": "a house", "steps": 1}, timeout=60)
        told = read(url)
        assert told["sana_requests_total", "openai", "drawn"] == 1
        assert told["sana_requests_total", "openai", "refused"] == 1
        assert told["sana_requests_total", "automatic1111", "drawn"] == 1
        assert told["sana_stage_seconds_total", "transformer"] > 0
        assert told["sana_queue_length",] == told["sana_running",] == 0
        assert told["sana_memory_bytes",] > 1e6
        assert httpx.get(f"{url}readyz").status_code == 200
