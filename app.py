"""The page: `python app.py`, then a browser. Serves the bundled miniature, or the model folder that --model names."""

import argparse
import os
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from pipeline import SanaError

if TYPE_CHECKING:
    import gradio as gr

    from pipeline.page.preparation import Pipeline

USAGE_ERROR = 2


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    # Said before Gradio is imported: the page asks nothing of anyone but this machine.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        check_port(options.host, options.port)
        serve(options)
    except SanaError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print()
    return 0


def build_app(pipeline: "Pipeline") -> "gr.Blocks":
    """The page and its `/generate` endpoint for a loaded pipeline, not launched."""
    from pipeline.page.layout import build

    return build(pipeline)


def serve(options: argparse.Namespace) -> None:
    """Serves until interrupted; raises SanaError where the model, the device or the port cannot be used."""
    if options.model is None:
        from pipeline.miniature import CHECKPOINT
        from pipeline.page.preparation import BundledPipeline

        # The page is up while the miniature is prepared: the first start takes a minute.
        bundled = BundledPipeline(CHECKPOINT, options.device)
        app = launch(bundled, options)
        try:
            bundled.prepare(report=lambda line: print(line, flush=True))
        except SanaError:
            app.close(verbose=False)
            raise
    else:
        from pipeline.artifacts import is_exported_by_optimum, read_manifest, resolve

        def tell(line: str) -> None:
            print(line, flush=True)

        folder = resolve(options.model, tell)
        if not is_exported_by_optimum(folder):
            read_manifest(folder)  # refused at once, where the pipeline takes seconds to import
        from pipeline import SanaPipeline

        app = launch(SanaPipeline.from_pretrained(folder, device=options.device, tell=tell), options)
    app.block_thread()


def launch(pipeline: "Pipeline", options: argparse.Namespace) -> "gr.Blocks":
    from pipeline.page.look import LAUNCH

    app = build_app(pipeline)
    try:
        _, url, share_url = app.launch(
            server_name=options.host,
            server_port=options.port,
            share=options.share,
            prevent_thread_lock=True,
            quiet=True,
            **LAUNCH,
        )
    except OSError as error:  # someone took the port since it was checked
        raise SanaError(f"Port {options.port} of {options.host} cannot be used: choose another with --port.") from error
    print(f"Sana is on {url}", flush=True)
    if share_url:
        print(f"and, for a week at most, on {share_url}", flush=True)
    return app


def check_port(host: str, port: int) -> None:
    """Raises SanaError unless this process can listen there; asked first, since a model takes a while to load."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            if os.name == "posix":  # as servers do: a port that was closed a moment ago is free
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
        reason = (error.strerror if isinstance(error, OSError) else None) or "no valid name"
        raise SanaError(
            f"Cannot listen on {host}, port {port} ({reason}): choose others with --host, --port."
        ) from None


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse would print the usage as well."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help.\n")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    # an empty variable counts as unset
    environment = {name: value for name, value in os.environ.items() if value}
    parser = Parser(prog="app.py", description="Text to image with Sana on OpenVINO, in the browser.")
    parser.add_argument(
        "--model",
        default=environment.get("SANA_MODEL"),
        metavar="DIR_OR_REPO",
        help="a folder that precompile.py wrote, or OWNER/NAME[@REVISION] on the Hugging Face Hub; without a revision, "
        "its newest tag (default: SANA_MODEL, or else the bundled miniature, which is "
        "precompiled into the user's cache folder on first start)",
    )
    parser.add_argument(
        "--device",
        default=environment.get("SANA_DEVICE", "CPU"),
        help="an OpenVINO device: CPU, GPU, GPU.1, AUTO, ... (default: SANA_DEVICE, or else CPU)",
    )
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
    return parser.parse_args(arguments)


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 65535, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
