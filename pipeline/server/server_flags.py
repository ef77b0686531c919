"""The flags about serving: addresses, access and limits."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..domain.limits import MAX_UPLOAD
from .addresses import parse_address
from .server_options import ServerOptions

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s*]+", re.IGNORECASE)
_NAME = re.compile(r"[^/?#@\s*:\[\]]+")


def add_server_flags(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Add the flags whose values `server_options` reads."""
    parser.add_argument(
        "--host",
        default=environment.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="the address to listen on; 0.0.0.0 lets others in (default: GRADIO_SERVER_NAME, or else 127.0.0.1)",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        default=environment.get("GRADIO_SERVER_PORT", "7860"),
        help="the port to listen on; never silently another one (default: GRADIO_SERVER_PORT, or else 7860)",
    )
    parser.add_argument("--share", action="store_true", help="also serve on a public gradio.live address")
    parser.add_argument(
        "--auth",
        type=user_and_password,
        default=environment.get("SANA_AUTH"),
        metavar="USER:PASSWORD",
        help="ask for this name and password; other users of the machine see a command line, so that @FILE names a "
        "file that holds them (default: SANA_AUTH)",
    )
    parser.add_argument(
        "--api-key",
        type=api_key,
        default=environment.get("SANA_API_KEY"),
        metavar="KEY",
        help="let in only who sends this key, as a bearer token or as a password with any name; @FILE names a file "
        "that holds it; with --auth, either lets in (default: SANA_API_KEY)",
    )
    parser.add_argument(
        "--strict-models",
        action="store_true",
        help="refuse requests for a model that is not here, which otherwise the first one answers",
    )
    parser.add_argument(
        "--root-path",
        type=root_path,
        default=environment.get("GRADIO_ROOT_PATH", ""),
        metavar="PATH",
        help="where a proxy has put the page: a path such as /sana, or the full URL that visitors know (default: "
        "GRADIO_ROOT_PATH)",
    )
    parser.add_argument(
        "--allow-host",
        type=host_name,
        action="append",
        default=[],
        metavar="NAME",
        help="a further name that the server answers to, besides this machine's; may be given more than once",
    )
    parser.add_argument(
        "--allow-origin",
        type=origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a web page of others that may ask the server, such as https://example.com; may be given more than once",
    )
    parser.add_argument(
        "--max-upload",
        type=positive_number,
        default=MAX_UPLOAD,
        metavar="MB",
        help=f"how large an uploaded file may be (default: {MAX_UPLOAD})",
    )
    parser.add_argument("--ssl-certfile", metavar="FILE", help="a certificate in PEM: the page is served over HTTPS")
    parser.add_argument("--ssl-keyfile", metavar="FILE", help="its key, if the certificate's file does not hold it")


def server_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> ServerOptions:
    """Return the options in parsed flags; exit with one line if two flags exclude each other."""
    if options.ssl_keyfile and not options.ssl_certfile:
        parser.error("argument --ssl-keyfile: needs --ssl-certfile")
    if options.ssl_certfile and options.share:
        parser.error("argument --share: its address has HTTPS of its own, so it does not go with --ssl-certfile")
    values: dict[str, Any] = {field.name: getattr(options, field.name) for field in fields(ServerOptions)}
    return ServerOptions(**values)


def user_and_password(text: str) -> tuple[str, str]:
    """Parse "USER:PASSWORD", or the first line of the file in "@FILE"."""
    user, _, password = _secret(text).partition(":")
    if not user or not password:
        raise argparse.ArgumentTypeError("must be a name and a password with a colon between them")
    return user, password


def api_key(text: str) -> str:
    """Parse a key, or the first line of the file in "@FILE"."""
    key = _secret(text)
    if not key or not key.isascii() or not key.isprintable() or " " in key:  # else it fits into no header
        raise argparse.ArgumentTypeError("must be letters, digits and signs of ASCII, without blanks")
    return key


def _secret(text: str) -> str:
    """Return a secret, or for @FILE the first line of that file."""
    if not text.startswith("@"):
        return text
    try:
        lines = Path(text[1:]).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise argparse.ArgumentTypeError(f"{text[1:]} cannot be read ({reason})") from None
    return lines[0] if lines else ""


def root_path(text: str) -> str:
    """Parse a path from / on or a full URL; return it without a slash at the end."""
    parts = urlsplit(text)
    is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    is_path = not parts.scheme and not parts.netloc and (text.startswith("/") or not text)
    if not (is_url or is_path) or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(f"must be a path from / on, or a URL with http:// or https://, not {text!r}")
    return text.rstrip("/")


def host_name(text: str) -> str:
    if not _NAME.fullmatch(text) and parse_address(text) is None:
        raise argparse.ArgumentTypeError(f"must be a host's name, without http:// and port, not {text!r}")
    return text


def origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text.rstrip("/")):
        raise argparse.ArgumentTypeError(f"must be an origin such as https://example.com, not {text!r}")
    return text.rstrip("/")


def positive_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return int(text)


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 65535, not {text!r}")
    return int(text)
