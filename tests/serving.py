"""A page and the interfaces, served in this process as app.py serves them."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import gradio as gr

    from pipeline.jobs.service import GenerationService
    from pipeline.server.web_app import LocalPage


@contextmanager
def serve_all(service: "GenerationService", **options: Any) -> Iterator[str]:
    """Serve the interfaces for other programs, beside an empty page; yield their address."""
    import gradio as gr

    with serve_page(gr.Blocks(analytics_enabled=False), service, **options) as url:
        yield url


@contextmanager
def serve_page(app: "gr.Blocks", service: "GenerationService | None" = None, **options: Any) -> Iterator[str]:
    """Serve a page in English as app.py does, with options of the server; yield its address."""
    from pipeline.page.words import English
    from pipeline.server.web_app import LocalPage

    with serve_pages([LocalPage(English(), app)], service, **options) as url:
        yield url


@contextmanager
def serve_pages(
    pages: "Sequence[LocalPage]", service: "GenerationService | None" = None, **options: Any
) -> Iterator[str]:
    """Serve a page in several languages; yield its address."""
    from pipeline.server import serving
    from pipeline.server.server_options import ServerOptions

    server = ServerOptions(port=free_port(), **options)
    with serving.serve(pages, server, server.listen(), service) as served:
        yield served.url


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
