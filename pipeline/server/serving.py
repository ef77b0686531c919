"""A page, served: sockets, application, server and share link put together."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import gradio as gr

from ..jobs.service import GenerationService
from ..page.words import English
from . import addresses
from .allowed_hosts import AllowedHosts
from .http_server import HttpServer
from .server_options import ServerOptions
from .share_link import open_share_link
from .web_app import build_web_app, end_streams

# Proxies on this machine, and on a Space, where nobody else reaches the program, those of its network.
_LOCAL_PROXIES = "127.0.0.0/8,::1"
_SPACE_PROXIES = f"{_LOCAL_PROXIES},10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"


@dataclass(frozen=True)
class Served:
    """Where a page is to be found: on this machine, and for the public if it is shared and that was possible.

    `is_open_to_all` is true if others than this machine reach it, and nobody is asked for a key or a password.
    """

    url: str
    share_url: str | None
    is_open_to_all: bool


@contextmanager
def serve(
    page: gr.Blocks,
    words: English,
    options: ServerOptions,
    listeners: Sequence[socket.socket],
    service: GenerationService | None = None,
) -> Iterator[Served]:
    """Serve a page in this context, on what `ServerOptions.listen` returned.

    With the service behind the page, the interfaces for other programs are served as well.
    """
    is_space = "SPACE_ID" in os.environ
    is_local = all(addresses.is_loopback(listener) for listener in listeners)
    hosts = AllowedHosts(
        options.host,
        [*options.allow_host, *filter(None, [options.public_host, os.environ.get("SPACE_HOST")])],
        options.allow_origin,
        is_local=is_local,
        any_name=is_space,  # its names are its owner's and the Hub's
    )
    url = addresses.url(options.host, listeners[0], "https" if options.ssl_certfile else "http")
    app = build_web_app(page, words, options, hosts, service)
    if page.mcp_server_obj:  # it asks the page for each call, else where the first caller's headers said
        page.mcp_server_obj._local_url = url
    certificate = (options.ssl_certfile, options.ssl_keyfile) if options.ssl_certfile else None
    proxies = _trusted_proxies(options, is_space)
    with HttpServer(app, listeners, proxies, certificate, lambda: end_streams(page)):
        share_url = open_share_link(listeners[0]) if options.share else None
        if share_url:
            hosts.add(urlsplit(share_url).hostname or "")
        is_reached = not is_local or share_url is not None
        yield Served(url, share_url, is_reached and not options.credentials)


def _trusted_proxies(options: ServerOptions, is_space: bool) -> str | None:
    """Return whose word is taken for the address of a visitor: by default nobody's, as anybody can say another."""
    if "FORWARDED_ALLOW_IPS" in os.environ:
        return os.environ["FORWARDED_ALLOW_IPS"]
    if is_space:
        return _SPACE_PROXIES
    return _LOCAL_PROXIES if options.share or options.root_path else None
