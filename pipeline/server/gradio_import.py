"""Gradio's first import, which proxies of the user could end."""

import os

_VARIABLES = ("no_proxy", "NO_PROXY")


def import_gradio() -> None:
    """Import Gradio without any proxy; call this before anything else does.

    It makes HTTP clients at once, which end with an ImportError for a SOCKS proxy. Later, the Hub is asked through
    the user's proxies, and loopback never through one.
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
