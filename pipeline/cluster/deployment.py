"""The replicas of one model, as an application of Ray Serve."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from ..domain.errors import SanaError
from ..domain.progress import OnProgress, Progress
from ..domain.settings import GenerationSettings
from ..generation.given_picture import GivenPicture
from .cluster_flags import ReplicaRange
from .cluster_messages import Introduction, Message
from .model_spec import ModelSpec
from .ray_import import short
from .remote_pipeline import ReplicaLost

LOOK_SECONDS = 0.3  # between two looks at replicas that start; chosen: each takes 14 s or more
# A replica that is to go finishes its picture first; chosen: longer than any picture takes.
DRAIN_SECONDS = 3600.0
HEALTH_SECONDS = 2.0  # between two looks at whether a replica lives; chosen: a lost one is replaced soon
DEPLOYMENT = "replica"


class Deployment:
    """The replicas of a model under a name in the cluster. Ray and Serve must be connected."""

    def __init__(self, name: str, spec: ModelSpec, replicas: ReplicaRange, threads: int, memory: int) -> None:
        """Take the sizes of a replica: CPU threads, and bytes of memory."""
        self.name = name
        self.spec = spec
        self.threads = threads
        self.memory = memory
        self._replicas = replicas
        self._handle: Any = None
        self._introduction: Introduction | None = None

    def start(self) -> None:
        """Let the replicas start; do not wait."""
        from ray import serve
        from ray.serve.config import RequestRouterConfig

        from .replica import Replica
        from .replica_router import ReplicaRouter

        count: dict[str, Any] = {"num_replicas": self._replicas.most}
        if self._replicas.least != self._replicas.most:
            scaling = {
                "min_replicas": self._replicas.least,
                "max_replicas": self._replicas.most,
                "target_ongoing_requests": 1,
                "upscale_delay_s": 2,
                "downscale_delay_s": 300,
            }
            count = {"autoscaling_config": scaling}
        deployment = serve.deployment(
            name=DEPLOYMENT,
            max_ongoing_requests=1,
            ray_actor_options={"num_cpus": self.threads, "memory": self.memory},
            graceful_shutdown_timeout_s=DRAIN_SECONDS,
            health_check_period_s=HEALTH_SECONDS,
            request_router_config=RequestRouterConfig(request_router_class=ReplicaRouter),
            **count,
        )(Replica)
        handle = serve.api._run(
            deployment.bind(self.spec, self.threads), name=self.name, route_prefix=None, _blocking=False
        )
        self._handle = self._handle or handle  # the first one knows who waits, also after a change

    def change(self, spec: ModelSpec, memory: int) -> Iterator[int]:
        """Put replicas of another model in the place of these, one after the other; yield how many of the new draw.

        A replica ends the picture that it draws before it goes. Who waits for a replica waits for a new one.

        Raises:
            SanaError: the new ones do not start; those of the old model come back.
        """
        before, old, old_memory = set(self.places("RUNNING")), self.spec, self.memory
        self.spec, self.memory, self._introduction = spec, memory, None
        self.start()
        while (application := self._application()).status != "RUNNING":
            if application.status == "DEPLOY_FAILED":
                self.spec, self.memory, self._introduction = old, old_memory, None
                self.start()
                raise SanaError(f"The replicas of {spec.name} do not start: {_problem(application)}")
            yield len(self.places("RUNNING").keys() - before)
            time.sleep(LOOK_SECONDS)

    def places(self, *states: str) -> dict[str, str]:
        """Return the nodes of the replicas in these states, or in all, by the replicas' names."""
        from ray.serve.context import _get_global_client

        details = _get_global_client().get_serve_details()["applications"][self.name]
        replicas = details["deployments"].get(DEPLOYMENT, {}).get("replicas", ())
        return {
            each["replica_id"]: each["node_id"]
            for each in replicas
            if each.get("node_id") and (not states or each["state"] in states)
        }

    def wait(self, on_progress: OnProgress) -> Introduction:
        """Return what the first replica that draws says of itself, and wait for it; raise SanaError if none can."""
        from ray.exceptions import RayActorError

        told = -1
        while self._introduction is None:
            running, problem = self._state()
            if problem:
                raise SanaError(f"The replicas do not start: {problem}")
            if running != told:
                told = running
                text = f"Starting replicas: {running} of {self._replicas.least} draw"
                on_progress(Progress("load", text, running, self._replicas.least))
            if running:
                with suppress(RayActorError):  # it is lost already: wait for the next
                    self._introduction = self._handle.introduction.remote().result()
                    break
            time.sleep(LOOK_SECONDS)
        return self._introduction

    def draw(self, settings: GenerationSettings, given: GivenPicture | None, processor: str | None) -> "ServeStream":
        """Let a free replica draw, once there is one; one on a `processor` of this kind is preferred."""
        handle = self._handle.options(stream=True, multiplexed_model_id=processor or "")
        return ServeStream(lambda: handle.draw.remote(settings, given))

    def end(self) -> None:
        """Let the replicas end; do not wait."""
        from ray import serve

        serve.delete(self.name, _blocking=False)

    def _state(self) -> tuple[int, str | None]:
        """Return the number of replicas that run, and the problem if they cannot start."""
        application = self._application()
        if application.status == "DEPLOY_FAILED":  # UNHEALTHY: one is lost, and starts again
            return 0, _problem(application)
        replicas = [each.replica_states.get("RUNNING", 0) for each in application.deployments.values()]
        return sum(replicas), None

    def _application(self) -> Any:
        from ray import serve

        return serve.status().applications[self.name]


def _problem(application: Any) -> str:
    """Return why the replicas of an application do not start: the last line of the error, without its class."""
    messages = [each.message for each in application.deployments.values() if each.message]
    *_, last = (messages or [application.message])[0].strip().splitlines() or [""]
    return short(re.sub(r"^[\w.]+Error: ", "", last))


class ServeStream:
    """The messages of one generation on a replica."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._response = ask()
        self._is_cancelled = False

    def __iter__(self) -> Iterator[Message]:
        from ray.exceptions import RayActorError
        from ray.serve.exceptions import DeploymentUnavailableError

        while not self._is_cancelled:
            try:
                yield from self._response
                return
            except RayActorError as error:
                raise ReplicaLost from error
            except DeploymentUnavailableError:  # a change has failed, and the old replicas are not back yet
                time.sleep(LOOK_SECONDS)
                self._response = self._ask()
                if self._is_cancelled:  # meanwhile
                    self._response.cancel()

    def cancel(self) -> None:
        self._is_cancelled = True
        self._response.cancel()
