"""All interfaces for other programs, as routes of one application."""

import logging
from collections.abc import Collection

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..domain.problems import Problem
from ..jobs.service import GenerationService
from .automatic1111.webui_routes import PICTURE_ROUTES, automatic1111_router
from .bodies import answer
from .envelopes import AUTOMATIC1111_ROUTES, OPENAI_ROUTES, envelope, openai_error
from .health import HEALTH_ROUTES, health_router
from .metrics import metrics_router
from .openai.image_request import openai_name
from .openai.image_routes import EDITS_ROUTE, openai_router
from .openai.picture_links import LINK_ROUTE
from .refused import Refused

_LOG = logging.getLogger(__name__)
OPEN_ROUTES = (*HEALTH_ROUTES, LINK_ROUTE)
"""Open to everybody, also where a key is asked for."""
FILE_ROUTES, LARGE_ROUTES = (EDITS_ROUTE,), PICTURE_ROUTES
"""Those that take pictures: as files of a form, and within JSON."""
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def add_interfaces(app: FastAPI, service: GenerationService, is_strict: bool, root_path: str) -> None:
    """Add the routes. `root_path` is the path, or the URL, that clients put before them."""
    routers = [
        health_router(service.models),
        metrics_router(service),
        openai_router(service, is_strict, root_path),
        automatic1111_router(service, is_strict),
    ]
    known = {route.path for router in routers for route in router.routes if isinstance(route, Route)}
    for router in (*routers, _unknown_routes(known)):
        app.include_router(router)
    app.add_exception_handler(Refused, _answer_refused)  # type: ignore[arg-type]  # Starlette wants any exception
    app.add_exception_handler(HTTPException, _answer_http)  # type: ignore[arg-type]
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(Exception, _answer_failed)


def _unknown_routes(known: Collection[str]) -> APIRouter:
    """Return routes that answer what no other one does: the page, which comes last, takes all that is left."""
    router = APIRouter()

    def refuse(request: Request) -> Response:
        if request.scope["path"] in known:
            raise Refused(405, f"This route has nothing for {request.method}.")
        raise Refused(404, "There is no such route here.")

    for prefix in (OPENAI_ROUTES, AUTOMATIC1111_ROUTES):
        router.add_api_route(prefix + "{rest:path}", refuse, methods=METHODS)
    return router


async def _answer_refused(request: Request, error: Refused) -> Response:
    path = request.scope["path"]
    content = envelope(path, error.status, error.sentence) or {"detail": error.sentence}
    if path.startswith(OPENAI_ROUTES):
        content = openai_error(error.status, error.sentence, openai_name(error.name), error.code)
    return answer(content, error.status, error.headers)


async def _answer_http(request: Request, error: HTTPException) -> Response:
    sentence = str(error.detail)
    content = envelope(request.scope["path"], error.status_code, sentence) or {"detail": sentence}
    return answer(content, error.status_code, error.headers)


async def _answer_nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # as nginx logs it; nobody reads it


async def _answer_failed(request: Request, error: Exception) -> Response:
    _LOG.error("A request failed", exc_info=error)
    return await _answer_refused(request, Refused(500, Problem("failed", {}).sentence))
