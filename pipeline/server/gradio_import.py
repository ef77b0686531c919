"""Gradio's first import, which the user's proxies could make fail."""

import os

_VARIABLES = ("no_proxy", "NO_PROXY")


def import_gradio() -> None:
    """Import Gradio with proxies switched off. Call this before any other import of Gradio.

    Gradio makes HTTP clients when imported, which raise ImportError for a SOCKS proxy. Later requests to the Hub use
    the user's proxies; those to loopback never do.
    """
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, "*"))
    try:
        import gradio  # noqa: F401
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
