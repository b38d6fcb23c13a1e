"""How fast a module is on this machine: the network alone, and photos from file to predictions.

Each configuration runs in a process of its own, so that its peak memory is its own.
"""

import io
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import metadata, util
from itertools import islice, repeat
from typing import TypeVar

import numpy as np

from .engines import PRECISIONS, EngineName, Precision, load_engine
from .errors import ArgumentError
from .images.decode import picture
from .images.find import find_images
from .images.given import as_many
from .images.resize import least_pixels, resize
from .inference.decoding import Photo
from .inference.options import Options
from .inference.pipeline import BATCH_SIZE, infer
from .module import Module, ModuleLike, as_spec
from .module_spec import ModuleSpec
from .sources.resolve import default_handle
from .system.cores import usable_cores
from .system.memory import peak_mb
from .system.numbers import check_count, is_number

WARM_UP = 3  # calls
PRODUCT = 2048  # rows and columns of the matrices multiplied
PHOTO = (1024, 768)  # width and height of the photo that is made where none is given, px
THROUGH = 12 * BATCH_SIZE  # photos sent through the pipeline

T = TypeVar("T")
Given = str | os.PathLike[str]
Handle = Given | ModuleSpec


@dataclass(frozen=True)
class NetworkFigures:
    """The network alone on one batch size. Times of one call in ms; `share` of the matrix product's rate."""

    engine: EngineName
    precision: Precision
    batch: int
    median_ms: float
    p99_ms: float
    images_per_second: float
    gflops: float
    share: float | None
    peak_mb: float | None


@dataclass(frozen=True)
class PhotoFigures:
    """One photo after another, ms each (medians), and many through the pipeline."""

    precision: Precision
    decode_ms: float
    resize_ms: float
    network_ms: float
    images_per_second: float


@dataclass(frozen=True)
class Figures:
    """Everything measured. `products`: GFLOP/s of a matrix product by precision."""

    module: str
    image_size: tuple[int, int]
    gmacs: float
    machine: dict[str, str | int]
    products: dict[Precision, float]
    networks: list[NetworkFigures]
    photos: list[PhotoFigures]


def bench(
    module: ModuleLike | None = None,
    *,
    photos: Given | Iterable[Given] = (),
    batch: int | Sequence[int] = (1, 8),
    seconds: float = 2.0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Figures:
    """Measures how fast `module` is here, each configuration for about `seconds`.

    `module`: as of `classify`. `photos`: paths, folders or globs for the second part; none takes one that is
    made here. `batch`: images of a call, or several such numbers. `on_progress` is called with what is done,
    the steps done and the steps in all.

    Raises `ArgumentError` for a batch below 1 or a time that is not positive, `ImageError` for a photo that
    cannot be read, `HandleError` for a folder or glob without photos, `MissingExtraError` without OpenVINO.
    It starts processes: a script calls it below `if __name__ == "__main__":`.
    """
    batches = list(as_many(batch))
    if not batches:
        raise ArgumentError("batch holds no number; give 1 or more.")
    batches = [check_count("batch", size) for size in batches]
    if not is_number(seconds) or not seconds > 0:
        raise ArgumentError(f"seconds is {seconds!r}; give more than 0.")
    sources = list(find_images(as_many(photos))) or [made_photo()]
    load_engine("openvino")  # what the figures are held to is OpenVINO's
    spec = as_spec(module)
    handle = module or default_handle()
    sent = ModuleSpec(spec.bundle.in_memory()) if isinstance(handle, (Module, ModuleSpec)) else handle
    pairs = list(configurations(spec))
    runs: list[tuple[EngineName, Precision, int]] = [(*pair, size) for pair in pairs for size in batches]
    on_openvino: list[Precision] = [precision for engine, precision in pairs if engine == "openvino"]
    total = len(runs) + 2 * len(on_openvino)
    done = iter(range(1, total + 1))

    def apart(work: Callable[..., T], *arguments: object) -> T:
        result = _in_a_process(work, *arguments)
        step = next(done)
        if on_progress is not None:
            on_progress("measuring", step, total)
        return result

    products: dict[Precision, float] = {
        precision: apart(matrix_product, precision, seconds) for precision in on_openvino
    }
    macs = spec.architecture.macs(*spec.image_size)
    networks = []
    for engine, precision, size in runs:
        calls, peak = apart(time_network, sent, engine, precision, size, seconds)
        networks.append(summary(engine, precision, size, calls, macs, products.get(precision), peak))
    through_pipeline = [apart(time_photos, sent, precision, sources, seconds) for precision in on_openvino]
    return Figures(
        spec.bundle.name, spec.image_size, macs / 1e9, machine(), products, networks, through_pipeline
    )


def configurations(spec: ModuleSpec) -> Iterator[tuple[EngineName, Precision]]:
    """Engines that are installed, with what each can compute of this module here.

    OpenVINO computes in f32 where the CPU lacks a precision, so its row would show f32's figures; PyTorch
    emulates it.
    """
    openvino = load_engine("openvino")
    for precision in PRECISIONS:
        if openvino.computes(precision, None) and (precision != "int8" or spec.bundle.int8 is not None):
            yield "openvino", precision
    if util.find_spec("torch"):
        for precision in PRECISIONS:
            if precision != "int8":
                yield "torch", precision


def summary(
    engine: EngineName,
    precision: Precision,
    batch: int,
    calls: Sequence[float],
    macs: int,
    product: float | None,
    peak_mb: float | None,
) -> NetworkFigures:
    """Figures from the seconds that each of `calls` took; `macs` per image, `product` in GFLOP/s."""
    median = statistics.median(calls)
    rate = batch / median
    gflops = 2 * macs * rate / 1e9
    p99 = float(np.percentile(calls, 99))
    share = gflops / product if product else None
    return NetworkFigures(engine, precision, batch, 1e3 * median, 1e3 * p99, rate, gflops, share, peak_mb)


def time_network(
    module: Handle, engine: EngineName, precision: Precision, batch: int, seconds: float
) -> tuple[list[float], float | None]:
    """Seconds of each call, and the process's peak memory in MB."""
    made = Module(module, engine=engine, precision=precision)
    images = np.random.default_rng(0).random((batch, *made.image_size, 3), np.float32)
    return _calls(lambda: made(images), seconds), peak_mb()


def time_photos(
    module: Handle, precision: Precision, sources: Sequence[str | bytes], seconds: float
) -> PhotoFigures:
    """Decoding, resizing and computing apart, then all of it overlapped."""
    made = Module(module, precision=precision)
    size, preset = made.image_size, made.resize
    stages: list[tuple[float, float, float]] = []
    end = time.perf_counter() + seconds
    while len(stages) < WARM_UP + 1 or time.perf_counter() < end:
        source = sources[len(stages) % len(sources)]
        ticks = [time.perf_counter()]
        pixels = picture(source, least=least_pixels(size, preset))
        ticks.append(time.perf_counter())
        images = resize(pixels, size, preset)[None]
        ticks.append(time.perf_counter())
        made(images)
        ticks.append(time.perf_counter())
        stages.append((ticks[1] - ticks[0], ticks[2] - ticks[1], ticks[3] - ticks[2]))
    decoding, resizing, computing = (1e3 * statistics.median(s) for s in zip(*stages[WARM_UP:], strict=True))
    options = Options("predictions" if made.architecture.num_classes else "vector", top=1)

    def through(count: int) -> float:
        start = time.perf_counter()
        many = islice((source for each in repeat(sources) for source in each), count)
        for _ in infer(made, (Photo("photo", source) for source in many), options):
            pass
        return count / (time.perf_counter() - start)

    through(2 * BATCH_SIZE)
    return PhotoFigures(precision, decoding, resizing, computing, through(THROUGH))


def matrix_product(precision: Precision, seconds: float) -> float:
    """GFLOP/s of OpenVINO's product of two square matrices of `PRODUCT` rows, in `precision`."""
    from .engines.openvino_product import matrix_product as product

    return 2 * PRODUCT**3 / statistics.median(_calls(product(PRODUCT, precision), seconds)) / 1e9


def made_photo() -> bytes:
    """A JPEG file of `PHOTO` pixels, of blurred noise: about as hard to decode as a photo."""
    from PIL import Image

    width, height = PHOTO
    noise = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize(PHOTO, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def machine() -> dict[str, str | int]:
    """What was measured on."""
    from .engines.openvino_product import cpu_name

    return {
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "openvino": metadata.version("openvino"),
    }


def _calls(call: Callable[[], object], seconds: float) -> list[float]:
    """Seconds of each call, repeated for about so long after a warm-up."""
    for _ in range(WARM_UP):
        call()
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while not taken or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return taken


def _in_a_process(work: Callable[..., T], *arguments: object) -> T:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(work, *arguments).result()
        except BrokenProcessPool as error:
            raise ArgumentError(
                "A process that measures has ended early; in a script, call bench below "
                'if __name__ == "__main__":, and see that there is memory.'
            ) from error
