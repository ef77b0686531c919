"""The calls of MCP's tools, which Gradio makes to the page over HTTP."""

from typing import Any

from gradio_client import Client

from .credentials import Credentials


def connect_tools(server: Any, url: str, credentials: Credentials) -> None:
    """Let the tools of Gradio's MCP server call the page at `url`, with credentials that the guard admits.

    Gradio would take the address from the first caller's headers, and open the page without any credentials.
    """
    client: Client | None = None

    def open_client() -> Client:
        nonlocal client
        if client is None:
            client = Client(
                url,
                download_files=False,
                verbose=False,
                analytics_enabled=False,
                ssl_verify=False,  # the certificate is for the names that visitors know
                _skip_components=False,
                headers={"x-gradio-user": "mcp", **credentials.headers},
            )
        return client

    server._local_url = url
    server._get_or_create_client = open_client
