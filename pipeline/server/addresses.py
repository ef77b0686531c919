"""Listening sockets and URLs, for names and addresses in every spelling."""

import errno
import ipaddress
import os
import socket
from typing import Any

from ..domain.errors import SanaError

BACKLOG = 128  # connections that the system holds before the server accepts and counts them; chosen, uvicorn's is 2048

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def listen(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each address of a host; raise SanaError if none can be opened.

    `host` is a name or an address; brackets around an IPv6 address are optional. "::" includes IPv4.
    """
    listeners: list[socket.socket] = []
    problem: OSError | None = None
    try:
        found = socket.getaddrinfo(unbracketed(host) or "\0", port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError) as error:  # the latter two for an impossible name
        raise _cannot_listen(host, port, error) from None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            listeners.append(_listener(family, address))
        except OSError as error:
            problem = error
            if error.errno == errno.EADDRINUSE:  # else another program would answer at one of the addresses
                break
    if problem and (not listeners or problem.errno == errno.EADDRINUSE):
        for listener in listeners:
            listener.close()
        raise _cannot_listen(host, port, problem)
    return listeners


def unbracketed(host: str) -> str:
    """Return a host without the brackets around an IPv6 address in URLs."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def parse_address(host: str) -> Address | None:
    """Return the IP address in `host`, or None for a name. An IPv4 address mapped into IPv6 becomes IPv4."""
    try:
        address = ipaddress.ip_address(unbracketed(host).partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(listener: socket.socket) -> bool:
    """Return True if only this machine can reach a listener."""
    address = parse_address(listener.getsockname()[0])
    return address is not None and address.is_loopback


def url(host: str, listener: socket.socket, scheme: str) -> str:
    """Return the URL at which this machine reaches a listener opened for `host`."""
    address, port = listener.getsockname()[:2]
    parsed = parse_address(address)
    if parsed is not None and parsed.is_unspecified:
        name = "localhost"
    elif parse_address(host) is None:  # keep a name, since certificates are for names
        name = host
    else:
        name = f"[{address.replace('%', '%25')}]" if ":" in address else address
    return f"{scheme}://{name}:{port}/"


def _listener(family: int, address: tuple[Any, ...]) -> socket.socket:
    # With its protocol named, asyncio sends at once what it has (TCP_NODELAY). Otherwise answers come 40 ms late.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # reuse a port that was closed a moment ago
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            parsed = parse_address(address[0])
            both = parsed is not None and (parsed.is_unspecified or parsed.version == 4)
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _cannot_listen(host: str, port: int, error: OSError | UnicodeError | ValueError) -> SanaError:
    reason = (error.strerror if isinstance(error, OSError) else None) or "no valid name"
    return SanaError(f"Cannot listen on {host}, port {port} ({reason}): choose others with --host, --port.")
