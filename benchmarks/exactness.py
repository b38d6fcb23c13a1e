"""How far both engines are from the original's outputs: the table of docs/exactness.md.

`.venv/bin/python benchmarks/exactness.py`. Uses the recorded answers in tests/recorded and, where it
lies beside the checkout, the golden module (from its TF1 Hub archive and its V1 checkpoint).
"""

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.cases import GOLDEN, GOLDEN_SIZES, distance, golden_answer, images_from_seed, recorded  # noqa: E402

import inception_hub as hub  # noqa: E402
from inception_hub.architecture import GLOBAL_POOL, LOGITS  # noqa: E402
from inception_hub.engines import EngineOptions  # noqa: E402
from inception_hub.engines.openvino import OpenVINOEngine  # noqa: E402
from inception_hub.engines.torch import Network as TorchNetwork  # noqa: E402


def main() -> None:
    """Prints one Markdown row per case: relative errors, OpenVINO then PyTorch."""
    print("| weights | images | OpenVINO logits | features | PyTorch logits | features |")
    print("|---|---|---|---|---|---|")
    for case in recorded("eval"):
        answers = case.answers["logits"], case.answers["feature_vector"]
        engines = (
            OpenVINOEngine(case.architecture, case.weights, None, EngineOptions()).endpoints(
                case.images, [LOGITS, GLOBAL_POOL]
            ),
            _torch(TorchNetwork(case.architecture, case.weights), case.images),
        )
        found = [[e[LOGITS], e[GLOBAL_POOL][:, 0, 0]] for e in engines]
        _row(
            f"depth {case.architecture.depth_multiplier:g}, {case.architecture.num_classes} classes",
            case.shape,
            found,
            answers,
        )
    for archive in ("tf1_hub_module.tar.gz", "slim_v1_checkpoint.tar.gz") if GOLDEN.exists() else ():
        modules = [hub.Module(GOLDEN / archive, engine=engine) for engine in ("openvino", "torch")]  # type: ignore[arg-type]
        for size in GOLDEN_SIZES:
            answer = golden_answer(size)
            images = images_from_seed(tuple(int(n) for n in answer["shape"]), int(answer["seed"]))
            found = [[m(images), m(images, signature="image_feature_vector")] for m in modules]
            _row(archive, images.shape, found, (answer["logits"], answer["feature_vector"]))


def _torch(network: TorchNetwork, images: np.ndarray) -> dict[str, np.ndarray]:
    with torch.no_grad():
        return {name: value.numpy() for name, value in network(torch.from_numpy(images)).items()}


def _row(
    name: str, shape: tuple[int, ...], found: list[list[np.ndarray]], answers: tuple[np.ndarray, ...]
) -> None:
    errors = [
        f"{distance(value, answer):.1e}"
        for values in found
        for value, answer in zip(values, answers, strict=True)
    ]
    print(f"| {name} | {shape[0]} of {shape[1]} x {shape[2]} | {' | '.join(errors)} |", flush=True)


if __name__ == "__main__":
    main()
