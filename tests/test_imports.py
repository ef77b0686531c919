"""Import boundaries, each in a fresh interpreter: what the running app must not load."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import pipeline", "nncf gradio torch openvino transformers diffusers"),
        ("from pipeline import SanaError", "nncf gradio torch openvino transformers diffusers"),
        ("import pipeline.settings", "nncf gradio torch openvino transformers diffusers"),
        ("import pipeline.artifacts", "nncf gradio torch openvino transformers diffusers"),
        ("from pipeline import SanaPipeline", "nncf gradio pipeline.export pipeline.miniature"),
        ("import pipeline.hub, pipeline.publish", "nncf gradio torch openvino transformers diffusers pipeline.export"),
        ("import app", "nncf gradio torch openvino transformers diffusers pipeline.export"),
        ("import pipeline.page.layout, pipeline.page.look", "nncf pipeline.export"),
    ],
)
def test_import_loads_no_more_than_it_needs(statement, forbidden):
    program = f"import sys\n{statement}\nprint(*[name for name in {forbidden.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
