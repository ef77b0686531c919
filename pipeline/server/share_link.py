"""A temporary public address, through Gradio's tunnel."""

import secrets
import socket
from pathlib import Path

from gradio import networking
from gradio.utils import get_upload_folder

from .addresses import parse_address


def open_share_link(listener: socket.socket) -> str | None:
    """Open a tunnel and return the public URL that leads to a listener; None if that fails."""
    # By default, Gradio writes the certificate into the current folder.
    networking.CERTIFICATE_PATH = str(Path(get_upload_folder()) / "certificate.pem")
    host, port = listener.getsockname()[:2]
    address = parse_address(host)
    host = "127.0.0.1" if address is not None and address.is_unspecified else host
    try:
        url = networking.setup_tunnel(host, port, secrets.token_urlsafe(32), None, None)
    except Exception:  # noqa: BLE001 - no network, no tunnel program for this machine, and other failures
        return None
    return url.replace("http://", "https://", 1)
