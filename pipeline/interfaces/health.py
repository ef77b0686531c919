"""Whether the program runs, and whether its model is loaded: for those who start programs and share out requests."""

from fastapi import APIRouter
from starlette.responses import Response

from ..jobs.models import Models
from .bodies import answer

HEALTH_ROUTES = ("/healthz", "/readyz")


def health_router(models: Models) -> APIRouter:
    router = APIRouter()
    alive, ready = HEALTH_ROUTES

    @router.api_route(alive, methods=["GET", "HEAD"])
    async def is_alive() -> Response:
        return answer({"status": "ok"})

    @router.api_route(ready, methods=["GET", "HEAD"])
    async def is_ready() -> Response:
        loading = models.loading
        if loading and loading.pipeline:
            return answer({"status": "ready"})
        return answer({"status": "loading"}, 503, {"Retry-After": "5"})

    return router
