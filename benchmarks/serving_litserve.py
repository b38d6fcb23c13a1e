"""The same module behind LitServe, for `serving.py`: MODULE PRECISION WORKERS BATCH --port PORT."""

import base64
import sys
from typing import Any

import litserve  # pyright: ignore[reportMissingImports]
import numpy as np

import inception_hub as hub
from inception_hub.architecture import LOGITS
from inception_hub.images.loading import load_image
from inception_hub.inference.predictions import best_predictions

MODULE, PRECISION, WORKERS, BATCH = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


class Classifier(litserve.LitAPI):
    """Photos in base64, LitServe's documented way for images."""

    def setup(self, device: Any) -> None:
        self.module = hub.Module(MODULE, precision=PRECISION)  # type: ignore[arg-type]

    def decode_request(self, request):  # type: ignore[no-untyped-def] - LitServe reads the annotation
        return load_image(base64.b64decode(request["image"]), self.module.image_size)

    def batch(self, inputs: Any) -> Any:
        return np.stack(inputs)

    def predict(self, images: Any) -> Any:
        batch = images if BATCH > 1 else images[None]
        # Several workers get a share of the cores each, one worker all of them.
        return self.module.endpoints(batch, (LOGITS,), share_cores=WORKERS > 1)[LOGITS]

    def unbatch(self, output: Any) -> Any:
        return list(output)

    def encode_response(self, logits: Any) -> Any:
        best = best_predictions(logits if BATCH > 1 else logits[0], self.module.labels, 1)[0]
        return {"label": best.label, "index": best.index, "probability": best.probability}


if __name__ == "__main__":
    api = Classifier(max_batch_size=BATCH, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=WORKERS, timeout=60)
    server.run(host="127.0.0.1", port=int(sys.argv[-1]), log_level="warning", generate_client_file=False)
