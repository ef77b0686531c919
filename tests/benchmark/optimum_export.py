"""optimum-intel's own export of a Sprint checkpoint with INT8 weights; runs in its environment (see `optimum.py`).

It differs from `optimum-cli export openvino --weight-format int8` in one thing: it traces the decoder with one latent
of 8x8 instead of two of 64x64, that is pictures of 2048x2048 pixels, which need more memory than there is. The graph
is the same: its sizes are dynamic.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from optimum.exporters.openvino.model_configs import DcaeDecoderOpenVINOConfig
from optimum.intel.openvino import OVSanaSprintPipeline

SMALL = {"batch_size": 1, "height": 8, "width": 8}


def export(checkpoint: str, folder: str) -> None:
    whole = DcaeDecoderOpenVINOConfig.generate_dummy_inputs

    def small(self: Any, framework: str = "pt", **shapes: Any) -> dict[str, Any]:
        return whole(self, framework, **{**shapes, **SMALL})

    DcaeDecoderOpenVINOConfig.generate_dummy_inputs = small
    tempfile.tempdir = str(Path(folder).parent)  # where there is room for uncompressed weights
    pipe = OVSanaSprintPipeline.from_pretrained(checkpoint, export=True, load_in_8bit=True, compile=False)
    pipe.save_pretrained(folder)


if __name__ == "__main__":
    export(*sys.argv[1:])
    print(json.dumps({}))
