"""Photos as peers without a reader of their own take them: Pillow, the central 0.875, 224 x 224, [-1, 1]."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

SIZE = 224
AHEAD = 16  # photos decoded before they are asked for, so that one large photo stops nobody


def load(path: str) -> np.ndarray:
    """float32 [3, 224, 224]."""
    image = Image.open(path).convert("RGB")
    left, top = (int(0.0625 * side) for side in image.size)
    image = image.crop((left, top, image.width - left, image.height - top))
    image = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return (np.asarray(image, np.float32) / 127.5 - 1).transpose(2, 0, 1)


def batches(paths: Sequence[str], size: int) -> Iterator[np.ndarray]:
    """float32 [size, 3, 224, 224], decoded in threads while the caller computes."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        ahead = deque()
        for start in range(0, len(paths), size):
            ahead.append([threads.submit(load, path) for path in paths[start : start + size]])
            if len(ahead) * size > AHEAD:
                yield np.stack([future.result() for future in ahead.popleft()])
        while ahead:
            yield np.stack([future.result() for future in ahead.popleft()])
