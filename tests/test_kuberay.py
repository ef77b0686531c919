"""The manifest for Kubernetes: its form is KubeRay's, and what it names is there. It was not run."""

import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pipeline.server.flags import parse

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / "pipeline" / "cluster" / "kuberay.yaml"
SCHEMA = yaml.safe_load((Path(__file__).parent / "kuberay_schema.yaml").read_text())


@pytest.fixture
def cluster() -> dict[str, Any]:
    return next(iter(yaml.safe_load_all(MANIFEST.read_text())))


def containers(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    groups = [cluster["spec"]["headGroupSpec"], *cluster["spec"]["workerGroupSpecs"]]
    return [container for group in groups for container in group["template"]["spec"]["containers"]]


def test_the_form_is_that_of_kuberay(cluster: dict[str, Any]) -> None:
    jsonschema.validate(cluster, SCHEMA)
    cluster["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0  # a number is refused
    with pytest.raises(jsonschema.ValidationError, match="0 is not of type 'string'"):
        jsonschema.validate(cluster, SCHEMA)


def test_ray_app_and_service_take_what_the_manifest_says(cluster: dict[str, Any]) -> None:
    scripts = pytest.importorskip("ray.scripts.scripts")
    (pinned,) = (ROOT / "pipeline" / "cluster" / "requirements.txt").read_text().split()
    assert pinned == f"ray[serve]=={cluster['spec']['rayVersion']}"
    options = {name.removeprefix("--") for each in scripts.start.params for name in each.opts}
    for group in (cluster["spec"]["headGroupSpec"], *cluster["spec"]["workerGroupSpecs"]):
        assert group["rayStartParams"].keys() <= options
    head, worker = containers(cluster)
    for container in (head, worker):
        subprocess.run(["bash", "-n", "-c", *container["args"]], check=True, timeout=30)
        assert container["resources"]["requests"] == container["resources"]["limits"]
    command = re.search(r"python app\.py (.*);", head["args"][0])
    assert command
    flags = parse(command[1].split())
    assert flags.replicas.most == cluster["spec"]["workerGroupSpecs"][0]["replicas"]
    service = list(yaml.safe_load_all(MANIFEST.read_text()))[1]
    ports = {each["name"]: each["containerPort"] for each in head["ports"]}
    assert ports[service["spec"]["ports"][0]["targetPort"]] == flags.server.port
    assert service["spec"]["selector"]["ray.io/cluster"] == cluster["metadata"]["name"]
    assert head["readinessProbe"]["tcpSocket"]["port"] == ports["gcs-server"]
    port = cluster["spec"]["workerGroupSpecs"][0]["rayStartParams"]["node-manager-port"]
    assert worker["readinessProbe"]["tcpSocket"]["port"] == int(port)
