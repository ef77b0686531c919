"""The serving of a page: sockets, application, server and share link put together."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..jobs.service import GenerationService
from . import addresses
from .allowed_hosts import AllowedHosts
from .http_server import HttpServer
from .server_options import ServerOptions
from .share_link import open_share_link
from .tool_calls import connect_tools
from .web_app import LocalPage, build_web_app, end_streams

# Trusted proxies: those on this machine. On a Space, also those of its network, since nobody else reaches the program.
_LOCAL_PROXIES = "127.0.0.0/8,::1"
_SPACE_PROXIES = f"{_LOCAL_PROXIES},10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"


@dataclass(frozen=True)
class Served:
    """The addresses of a served page: on this machine, and in public if a share link was wanted and possible.

    `is_open_to_all` is true if others than this machine reach it, and nobody is asked for a key or a password.
    """

    url: str
    share_url: str | None
    is_open_to_all: bool


@contextmanager
def serve(
    pages: Sequence[LocalPage],
    options: ServerOptions,
    listeners: Sequence[socket.socket],
    service: GenerationService | None = None,
) -> Iterator[Served]:
    """Serve a page in its languages in this context, on the sockets from `ServerOptions.listen`.

    The first language is the one of programs. With the service behind the page, the interfaces for other programs
    are served as well.
    """
    is_space = "SPACE_ID" in os.environ
    is_local = all(addresses.is_loopback(listener) for listener in listeners)
    hosts = AllowedHosts(
        options.host,
        [*options.allow_host, *filter(None, [options.public_host, os.environ.get("SPACE_HOST")])],
        options.allow_origin,
        is_local=is_local,
        any_name=is_space,  # the Hub decides which names lead to a Space
    )
    url = addresses.url(options.host, listeners[0], "https" if options.ssl_certfile else "http")
    app = build_web_app(pages, options, hosts, service)
    if mcp_server := pages[0].blocks.mcp_server_obj:
        connect_tools(mcp_server, url, options.credentials)
    certificate = (options.ssl_certfile, options.ssl_keyfile) if options.ssl_certfile else None
    proxies = _trusted_proxies(options, is_space)
    with HttpServer(app, listeners, proxies, certificate, lambda: end_streams(pages)):
        share_url = open_share_link(listeners[0]) if options.share else None
        if share_url:
            hosts.add(urlsplit(share_url).hostname or "")
        is_reached = not is_local or share_url is not None
        yield Served(url, share_url, is_reached and not options.credentials)


def _trusted_proxies(options: ServerOptions, is_space: bool) -> str | None:
    """Return the proxies that may report a visitor's address; None by default, since anybody can forge a report."""
    if "FORWARDED_ALLOW_IPS" in os.environ:
        return os.environ["FORWARDED_ALLOW_IPS"]
    if is_space:
        return _SPACE_PROXIES
    return _LOCAL_PROXIES if options.share or options.root_path else None
