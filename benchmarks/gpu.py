"""The PyTorch engine on a GPU beside the same network as PyTorch runs it by itself.

    python benchmarks/gpu.py [--device cuda] [--batches 1 8 64 256] [--rounds 5] [--write-docs]

Images lie on the device; every way answers for the same batch in turn, round after round. Ratios are to eager
float32 within a round. `inception_v3` and `resnet34` are timm's, for scale, where timm is installed. The
ceiling is a matrix product measured in the same run.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from peers import page
from torch import Tensor

import inception_hub as hub
from inception_hub.architecture import LOGITS
from inception_hub.engines.torch import Network
from inception_hub.engines.torch_answering import Answering

MODULE, SIZE = "tiny_imagenet", 224
SECONDS = 0.5  # each way, batch and round
PRODUCT = 4096  # rows of the matrices
Answer = Callable[[Tensor], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 64, 256])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    given = parser.parse_args()
    device = torch.device(given.device)
    lines = [
        "| batch | way | images/s | times eager float32 | TFLOP/s | of the matrix product |",
        "|---" * 6 + "|",
    ]
    with torch.no_grad():
        answers = ways(device)
        for batch in given.batches:
            lines += rows(answers, batch, device, given.rounds)
            print("\n".join(lines[-len(answers) :]), flush=True)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else page.machine()
    text = (
        "\n".join(lines) + f"\n\n{name}, torch {torch.__version__}, {SIZE} x {SIZE}, {given.rounds} rounds."
    )
    print(text)
    if given.write_docs:
        page.write("gpu", text)


def ways(device: torch.device) -> dict[str, Answer]:
    """Every way to answer, by its name; eager float32 first."""
    bundle = hub.load_module_spec(MODULE).bundle
    network = Network(bundle.architecture, bundle.weights).to(device).eval()

    def logits(images: Tensor) -> Tensor:
        return network(images)[LOGITS]

    def half(answer: Answer) -> Answer:
        def run(images: Tensor) -> object:
            with torch.autocast(device.type, torch.bfloat16):
                return answer(images)

        return run

    compiled = torch.compile(logits)
    found: dict[str, Answer] = {
        "eager float32": logits,
        "eager bfloat16": half(logits),
        "torch.compile float32": compiled,
        "torch.compile bfloat16": half(compiled),
        "ours f32": Answering(network),
        "ours bf16": Answering(network, torch.bfloat16),
    }
    try:
        import timm
    except ImportError:
        return found
    for name in ("inception_v3", "resnet34"):
        model = timm.create_model(name).to(device, memory_format=torch.channels_last).eval()
        found[f"timm {name} bfloat16"] = half(lambda images, model=model: model(images.permute(0, 3, 1, 2)))
    return found


def rows(answers: dict[str, Answer], batch: int, device: torch.device, rounds: int) -> list[str]:
    """One row per way for batches of `batch`."""
    images = torch.rand(batch, SIZE, SIZE, 3, device=device)
    rates: dict[str, list[float]] = {name: [] for name in answers}
    ceilings = {dtype: product(dtype, device) for dtype in (torch.float32, torch.bfloat16)}
    for answer in answers.values():
        for _ in range(3):  # compiles, records, chooses kernels
            answer(images)
    for _ in range(rounds):
        for name, answer in answers.items():
            rates[name].append(batch * calls_per_second(lambda answer=answer: answer(images), device))
    macs = hub.load_module_spec(MODULE).architecture.macs(SIZE, SIZE)
    lines = []
    for name, found in rates.items():
        ratio = statistics.median(a / b for a, b in zip(found, rates["eager float32"], strict=True))
        rate = statistics.median(found)
        work = f"{2e-12 * macs * rate:.2f}" if "timm" not in name else ""
        ceiling = ceilings[torch.float32 if name.endswith("32") else torch.bfloat16]
        share = f"{2 * macs * rate / ceiling:.0%}" if work else ""
        lines.append(f"| {batch} | {name} | {rate:,.0f} | {ratio:.2f} | {work} | {share} |")
    return lines


def product(dtype: torch.dtype, device: torch.device) -> float:
    """FLOP/s of a matrix product."""
    left, right = (torch.rand(PRODUCT, PRODUCT, device=device, dtype=dtype) for _ in range(2))
    return 2 * PRODUCT**3 * calls_per_second(lambda: left @ right, device)


def calls_per_second(call: Callable[[], object], device: torch.device) -> float:
    """Calls in a row for some time, the device waited for at both ends."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    call()
    wait()
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        call()
        calls += 1
    wait()
    return calls / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
