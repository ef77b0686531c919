"""Import boundaries in fresh interpreters: what the running app must not load. The rooms are in pyproject.toml."""

import subprocess
import sys

import pytest

HEAVY = "nncf torch openvino transformers diffusers ray pipeline.export"
# All that app.py does before it serves, without --cluster
START = """import argparse, app, pipeline.page.layout, pipeline.server.serving
from pipeline.server.flags import parse
options = parse([])
with app.menu(options, app.source_maker(options)): pass"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import pipeline", f"{HEAVY} gradio"),
        ("from pipeline import SanaError", f"{HEAVY} gradio"),
        ("import pipeline.domain.request", f"{HEAVY} gradio"),
        ("import pipeline.model_folder.optimum_intel", f"{HEAVY} gradio"),
        ("import pipeline.hub.resolve, pipeline.publish", f"{HEAVY} gradio"),
        ("import app", f"{HEAVY} gradio"),
        ("import pipeline.page.layout, pipeline.page.theme", HEAVY),
        (
            "from pipeline import SanaPipeline",
            "nncf gradio ray pipeline.export pipeline.miniature pipeline.jobs diffusers.pipelines diffusers.models",
        ),
        (START, "nncf ray pipeline.export pipeline.cluster.connection"),
    ],
)
def test_import_loads_no_more_than_it_needs(statement: str, forbidden: str) -> None:
    program = f"import sys\n{statement}\nprint(*[name for name in {forbidden.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
