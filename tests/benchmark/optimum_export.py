"""optimum-intel's own export, INT8 weights, of a Sprint checkpoint; run in its environment (see `optimum.py`).

It differs from `optimum-cli export openvino --weight-format int8` in one thing: the decoder is traced with one latent
of 8 x 8 instead of two of 64 x 64 (pictures of 2048 x 2048 pixels), on which tracing is killed for lack of memory. The
graph is the same, of dynamic sizes.
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
