"""The names that the server answers to, and the web pages that may send requests to it."""

import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from .addresses import parse_address

LOCAL_NAMES = ("localhost", "host.docker.internal")  # the second is Docker's name for the host of a container
_PORTS = {"http": 80, "https": 443}


class AllowedHosts:
    """The names of this server.

    Unknown names are refused against DNS rebinding: a foreign page whose name leads here would count as the server's
    own. IP addresses cannot be rebound. A server that listens beyond loopback accepts any, since behind a container's
    port the visitor's address for it is not one of this machine.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        public: Collection[str] = (),
        origins: Collection[str] = (),
        is_local: bool = True,
        any_name: bool = False,
    ) -> None:
        """Collect the names of a server that listens on `host`, on loopback only if `is_local`.

        `public` holds further names, such as a proxy's. Pages of `origins` may send requests.
        """
        self._public = {_normal(name) for name in public}
        self._origins = {origin.lower() for origin in origins}
        self._is_local = is_local
        self._any_name = any_name
        self._own = {*LOCAL_NAMES, _normal(host)} | (set() if is_local else _machine_names())

    def add(self, name: str) -> None:
        """Accept one more name."""
        self._public.add(_normal(name))

    def allows(self, host: str) -> bool:
        """Return True if a Host header, with or without a port, names this server."""
        try:
            name, _ = split_host(host)
        except ValueError:
            return False
        if self._any_name or name in self._own or name in self._public or name.endswith(".localhost"):
            return True
        address = parse_address(name)
        return address is not None and (not self._is_local or address.is_loopback or address.is_unspecified)

    def allows_origin(self, origin: str, host: str) -> bool:
        """Return True if a page of this origin may send a request for `host`, which must be allowed."""
        if origin.lower() in self._origins:
            return True
        try:
            parts = urlsplit(origin)
            name, port = split_host(parts.netloc)
            own_name, own_port = split_host(host)
        except ValueError:
            return False
        if not name or parts.scheme not in _PORTS:  # includes the origin "null"
            return False
        # A proxy may pass the name on without its port, or hide the name.
        is_same = name == own_name and (own_port is None or own_port == (port or _PORTS[parts.scheme]))
        return is_same or name in self._public


def split_host(text: str) -> tuple[str, int | None]:
    """Split "NAME[:PORT]" into a normalised name and the port or None; raise ValueError if it is no host.

    The name of an IPv6 address has no brackets.
    """
    if set(text) & set("/\\?#@"):
        raise ValueError(f"{text!r} is no host")
    parts = urlsplit(f"//{text.strip()}")
    return _normal(parts.hostname or ""), parts.port


def _normal(name: str) -> str:
    return name.strip().lower().removesuffix(".")


def _machine_names() -> set[str]:
    name = _normal(socket.gethostname())
    return {name, name.partition(".")[0], f"{name}.local"} - {""}
