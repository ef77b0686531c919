"""The paths that lead to the page: those below a proxy's sub-path, without the routes of Gradio that it never uses."""

from starlette.types import ASGIApp, Receive, Scope, Send

from .refusals import refusal

# These routes fetch URLs, run ffmpeg, write files, or reveal the inside of the program.
CLOSED = (
    "/gradio_api/component_server",
    "/gradio_api/custom_component/",
    "/gradio_api/deep_link",
    "/gradio_api/dev/",
    "/gradio_api/process_recording",
    "/gradio_api/profiling/",
    "/gradio_api/proxy=",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/vibe-",
    "/monitoring",
)
FILES = ("/gradio_api/file=", "/gradio_api/file/")


class Routes:
    """A layer that closes routes and strips the sub-path, whether or not the proxy has stripped it already."""

    def __init__(self, app: ASGIApp, sub_path: str) -> None:
        """Wrap an app; `sub_path` begins with a slash and does not end with one, or is empty."""
        self._app = app
        self._sub_path = sub_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        # Strip repetitions too: Gradio would strip one more, and lead past the check below.
        while self._sub_path and f"{path}/".startswith(f"{self._sub_path}/"):
            path = path.removeprefix(self._sub_path) or "/"
        if path.startswith(CLOSED) or any(path.startswith(route) and "://" in path for route in FILES):
            await refusal(scope, 404, "There is no such page here.")(scope, receive, send)
            return
        await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)
