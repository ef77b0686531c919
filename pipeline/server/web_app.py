"""The web application: Gradio's, one for each language, below the layers that guard them."""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr
from fastapi import FastAPI
from gradio.route_utils import FnIndexInferError
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from ..interfaces.all_routes import OPEN_ROUTES, add_interfaces
from ..interfaces.ignored import IGNORED_HEADER
from ..jobs.service import GenerationService
from ..page.theme import first_head, launch_options
from ..page.words import English
from .allowed_hosts import AllowedHosts
from .body_limits import BodyLimits
from .by_language import ByLanguage
from .gradio_sessions import GradioSessions
from .host_guard import HostGuard
from .login_guard import LoginGuard
from .page_head import use_own_head
from .refusals import refusal
from .routes import Routes
from .server_options import ServerOptions

_LOG = logging.getLogger(__name__)
# Errors of Gradio's routes for an unknown name, number or arguments, which would become an error 500.
_OF_UNKNOWN_CALLS: tuple[type[Exception], ...] = (FnIndexInferError, LookupError, TypeError, ValueError, AttributeError)


class LocalPage(NamedTuple):
    """The page in one language."""

    words: English
    blocks: gr.Blocks


def build_web_app(
    pages: Sequence[LocalPage],
    options: ServerOptions,
    hosts: AllowedHosts,
    service: GenerationService | None = None,
) -> FastAPI:
    """Return the application that serves a page and, with the service behind it, the interfaces for other programs.

    The first of `pages` is for programs, and for browsers that ask for no language of the others.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    sessions = GradioSessions()
    # The layer added last sees a request first.
    app.add_middleware(BodyLimits, max_upload=options.max_upload)
    app.add_middleware(LoginGuard, credentials=options.credentials, sessions=sessions, open_routes=OPEN_ROUTES)
    app.add_middleware(Routes, sub_path=options.sub_path)
    # Always added: without it, Gradio would add its own, which allows most origins.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=options.allow_origin,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        allow_credentials=bool(options.allow_origin),
        allow_private_network=bool(options.allow_origin),
        expose_headers=[IGNORED_HEADER, "Retry-After"],
    )
    app.add_middleware(HostGuard, hosts=hosts)
    if service:
        add_interfaces(app, service, options.strict_models, options.root_path)
    use_own_head()
    apps = {page.words.language: _gradio_app(app, page, options, page is pages[0]) for page in pages}
    sessions.attach(list(apps.values()))
    app.mount("/", ByLanguage(apps))
    return app


def _gradio_app(app: FastAPI, page: LocalPage, options: ServerOptions, is_first: bool) -> Any:
    """Return Gradio's application for a page; it starts and ends with `app`."""
    words, blocks = page
    gr.mount_gradio_app(
        app,
        blocks,
        "/",
        auth=options.auth,
        root_path=options.root_path,
        max_file_size=options.max_upload << 20,
        enable_monitoring=False,
        mcp_server=options.mcp and is_first,
        **launch_options(words),
    )
    mounted: Any = app.routes.pop()  # `ByLanguage` takes its place
    mounted.app.state.words, mounted.app.state.first_head = words, first_head(words)
    blocks.app = blocks.server_app = mounted.app  # as `launch` does; validators need it
    mounted.app.startup_events_triggered = True  # the server runs them; else the first visitor would run them again
    for error in _OF_UNKNOWN_CALLS:
        mounted.app.add_exception_handler(error, _refuse_unknown_call)
    return mounted.app


async def _refuse_unknown_call(request: Request, error: Exception) -> Response:
    _LOG.debug("A call that Gradio cannot make:", exc_info=error)
    sentence = "There is no such call here, or not with these arguments: /gradio_api/info lists what there is."
    return refusal(request.scope, 404, sentence)


def end_streams(pages: Sequence[LocalPage]) -> None:
    """Tell all open pages that the server closes. Call this in the server's loop."""
    for _, blocks in pages:
        blocks._queue.close()
        blocks.is_running = False
        blocks.app.stop_event.set()
