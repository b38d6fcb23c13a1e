"""Inference on a GPU beside the same network as PyTorch runs it by itself: part of `gpu.py`.

Images lie on the device; every way answers for the same batch in turn, round after round. Ratios are to eager
float32 within a round. `resnet34` is timm's, for scale, where timm is installed. The ceiling is a matrix
product measured in the same run. Then `classify` over JPEG files made on the spot, and what its time went on.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import inception_hub as hub
from inception_hub.architecture import LOGITS
from inception_hub.engines.torch import Network
from inception_hub.engines.torch_inference import InferenceNetwork, Way
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import Timing, infer

MODULE, SIZE = "tiny_imagenet", 224
AIMS = {("bf16", 1): 1_500, ("bf16", 256): 30_000}  # images/s on one H200, the best of ours
BASE = "eager f32"
# Of the largest batch alone, as compiling takes long; the first of them first, while there is time.
ONCE = ("ours bf16, compiled", "torch.compile bf16 (autocast)", "ours f32, compiled")
PRODUCT = 8192  # rows of the matrices
PHOTOS = 1_000  # that threads decode, and processes four times as many
Answer = Callable[[Tensor], object]


@dataclass(frozen=True)
class Row:
    """One way at one batch size: images a second (the median of the rounds), times eager float32."""

    way: str
    batch: int
    images_per_second: float
    ratio: float
    tflops: float | None  # None: another network
    of_product: float | None
    ready_seconds: float
    taken: str = ""  # what our engine says it did


@dataclass(frozen=True)
class Classified:
    """`classify` in bfloat16 over JPEG files: photos a second, the share of time waiting for decoding."""

    decoded_by: str
    photos_per_second: float
    waiting_for_decoding: float
    cores: int


def ways(device: torch.device, compiled: bool) -> dict[str, Answer]:
    """Every way to answer, by its name. Ours: `fused`, taken at first, and `compiled`, in longer runs."""
    bundle = hub.load_module_spec(MODULE).bundle
    network = Network(bundle.architecture, bundle.weights).to(device).eval()

    def logits(images: Tensor) -> Tensor:
        return network(images, endpoints=(LOGITS,))[LOGITS]

    def ours(dtype: torch.dtype, way: Way) -> Answer:
        return Ours(InferenceNetwork(network, dtype, way=way))

    found: dict[str, Answer] = {BASE: logits, "ours bf16, fused": ours(torch.bfloat16, "fused")}
    found["ours f32, fused"] = ours(torch.float32, "fused")
    found["eager bf16 (autocast)"] = half(logits, device)
    found |= resnet34(device)
    if compiled:
        found["ours bf16, compiled"] = ours(torch.bfloat16, "compiled")
        found["ours f32, compiled"] = ours(torch.float32, "compiled")
        found["torch.compile bf16 (autocast)"] = half(torch.compile(logits, dynamic=False), device)
    return found


def resnet34(device: torch.device) -> dict[str, Answer]:
    """timm's, where timm is installed."""
    try:
        import timm
    except (ImportError, RuntimeError):  # or a torchvision that does not go with this PyTorch
        return {}
    model = timm.create_model("resnet34").to(device, memory_format=torch.channels_last).eval()  # pyright: ignore - their stubs
    return {"timm resnet34 bf16 (autocast)": half(lambda images: model(images.permute(0, 3, 1, 2)), device)}


class Ours:
    """Logits alone by our engine."""

    def __init__(self, answering: InferenceNetwork) -> None:
        self.answering = answering

    def __call__(self, images: Tensor) -> Tensor:
        return self.answering(images, (LOGITS,))[LOGITS]


def half(answer: Answer, device: torch.device) -> Answer:
    """`answer` under bfloat16 autocast."""

    def run(images: Tensor) -> object:
        with torch.autocast(device.type, torch.bfloat16):
            return answer(images)

    return run


@torch.no_grad()
def measure(
    device: torch.device, batches: list[int], rounds: int, seconds: float, compiled: bool
) -> list[Row]:
    """A row for each way and batch size, in the order of `batches`, until `seconds` have passed.

    A way that fails is left out with a word; so is what no longer fits into the time.
    """
    start = time.perf_counter()
    all_ways = ways(device, compiled)
    ceilings = {dtype: product(dtype, device) for dtype in (torch.float32, torch.bfloat16)}
    rows: list[Row] = []
    last = {name: all_ways[name] for name in (BASE, *ONCE) if name in all_ways}
    often = {name: answer for name, answer in all_ways.items() if name not in ONCE}
    for batch, asked in [*((batch, often) for batch in batches), (max(batches), last)]:
        images = torch.rand(batch, SIZE, SIZE, 3, device=device)
        ready: dict[str, float] = {}
        for name, answer in asked.items():
            if time.perf_counter() - start > seconds * 0.9:
                print(f"| {name}, batch {batch}: no time left |", flush=True)
                continue
            try:
                ready[name] = prepared(answer, images, device)
            except Exception as error:  # of compilers and kernels, in ways of their own
                print(f"| {name}, batch {batch}: {type(error).__name__}: {str(error)[:200]} |", flush=True)
        each = max(0.05, min(0.25, (seconds - (time.perf_counter() - start)) / 4 / len(all_ways) / rounds))
        rates: dict[str, list[float]] = {name: [] for name in ready}
        for _ in range(rounds):
            for name in ready:
                call = partial(asked[name], images)
                rates[name].append(batch * calls_per_second(call, device, each))
        for name in ready:
            if asked is last and name == BASE:
                continue
            rows.append(row(name, batch, rates, ready[name], ceilings, asked[name]))
            print(line(rows[-1]), flush=True)
    return rows


def prepared(answer: Answer, images: Tensor, device: torch.device) -> float:
    """Seconds until the first answers: compiling, recording, choosing kernels."""
    start = time.perf_counter()
    for _ in range(2):
        answer(images)
    wait(device)
    return time.perf_counter() - start


def row(
    name: str,
    batch: int,
    rates: dict[str, list[float]],
    ready: float,
    ceilings: dict[torch.dtype, float],
    answer: Answer,
) -> Row:
    """The row of one way."""
    rate = statistics.median(rates[name])
    base = rates.get(BASE, rates[name])
    ratio = statistics.median(a / b for a, b in zip(rates[name], base, strict=True))
    work = share = None
    if "timm" not in name:
        work = 2e-12 * hub.load_module_spec(MODULE).architecture.macs(SIZE, SIZE) * rate
        share = work * 1e12 / ceilings[torch.bfloat16 if "bf16" in name else torch.float32]
    taken = repr(answer.answering) if isinstance(answer, Ours) else ""
    return Row(name, batch, rate, ratio, work, share, ready, taken)


def product(dtype: torch.dtype, device: torch.device) -> float:
    """FLOP/s of a matrix product."""
    rows = PRODUCT if device.type == "cuda" else PRODUCT // 16
    left, right = (torch.rand(rows, rows, device=device, dtype=dtype) for _ in range(2))
    return 2 * rows**3 * calls_per_second(lambda: left @ right, device, 0.2)


def wait(device: torch.device) -> None:
    """Until the device has done all."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def calls_per_second(call: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Calls in a row for some time, the device waited for at both ends."""
    call()
    wait(device)
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        call()
        calls += 1
        if calls % 16 == 0:
            wait(device)  # else thousands of calls queue up, and the time is theirs
    wait(device)
    return calls / (time.perf_counter() - start)


def classify(device: torch.device, photos: int = PHOTOS) -> list[Classified]:
    """Photos of 500 x 375 pixels, as ImageNet has them: files of noise on gradients, read over and over."""
    spec, found = hub.load_module_spec(MODULE), []
    with tempfile.TemporaryDirectory() as folder:
        files = jpegs(Path(folder), 64)
        for by_processes in (False, True):
            module = hub.Module(spec, engine="torch", precision="bf16", device=str(device))
            options = Options(processes=module.cores if by_processes else 0)
            for count in (128, photos * (4 if by_processes else 1)):  # records first
                timing = Timing()
                many = (Photo(str(number), files[number % 64]) for number in range(count))
                for _ in infer(module, many, options, timing=timing):
                    pass
            decoded_by = "processes" if by_processes else "threads"
            rate = count / timing.seconds
            found.append(Classified(decoded_by, rate, timing.share, module.cores))
            print(classified_line(found[-1]), flush=True)
    return found


def jpegs(folder: Path, count: int) -> list[Path]:
    """Files of about 80 kB each, as photos of that size are."""
    random = np.random.default_rng(0)
    across = np.linspace(0, 255, 500)[None, :, None] * np.ones((375, 1, 3))
    files = [folder / f"{number:03}.jpg" for number in range(count)]
    for file in files:
        grain = random.normal(0, 9, (375, 500, 1)) + random.normal(0, 30, (1, 1, 3))
        Image.fromarray(np.clip(across + grain, 0, 255).astype(np.uint8)).save(file, quality=90)
    return files


HEAD = (
    "| batch | way | images/s | aim | times eager f32 | TFLOP/s | of the matrix product | ready in, s |\n"
    + "|---" * 8
    + "|"
)


def line(row: Row) -> str:
    """A row of the table under `HEAD`."""
    precision = "bf16" if row.way.startswith("ours bf16") else ""
    aim = AIMS.get((precision, row.batch))
    work = "" if row.tflops is None else f"{row.tflops:.1f}"
    share = "" if row.of_product is None else f"{row.of_product:.1%}"
    return (
        f"| {row.batch} | {row.way} | {row.images_per_second:,.0f} | {f'{aim:,}' if aim else ''} "
        f"| {row.ratio:.2f} | {work} | {share} | {row.ready_seconds:.1f} |"
    )


CLASSIFIED_HEAD = (
    "| classify in bf16, JPEG 500 x 375, decoded by | photos/s | waiting for decoding | cores |\n"
    + "|---" * 4
    + "|"
)


def classified_line(row: Classified) -> str:
    """A row of the table under `CLASSIFIED_HEAD`."""
    return (
        f"| {row.decoded_by} | {row.photos_per_second:,.0f} | {row.waiting_for_decoding:.0%} | {row.cores} |"
    )
