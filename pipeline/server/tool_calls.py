"""The calls of MCP's tools, which Gradio makes to the page over HTTP, and their answers."""

from typing import Any

from gradio_client import Client

from .credentials import Credentials


def connect_tools(server: Any, url: str, credentials: Credentials) -> None:
    """Let the tools of Gradio's MCP server call the page at `url`, with credentials that the guard admits.

    Gradio would take the address from the first caller's headers, and open the page without any credentials. Of a
    gallery it would send a text, with a path of this machine: each of its pictures becomes an answer of its own.
    """
    client: Client | None = None
    answers_of = server.postprocess_output_data

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

    def postprocess_output_data(data: list[Any], root_url: str) -> Any:
        return answers_of(_apart(data), root_url)

    server._local_url = url
    server._get_or_create_client = open_client
    server.postprocess_output_data = postprocess_output_data


def _apart(output: Any) -> list[Any]:
    """Return an endpoint's outputs in one list, in which a gallery is the files of its pictures."""
    match output:
        case list() | tuple():  # Gradio puts all outputs into a list of one, unless the client asks for progress
            return [each for part in output for each in _apart(part)]
        case {"image": file}:
            return [file]
    return [output]
