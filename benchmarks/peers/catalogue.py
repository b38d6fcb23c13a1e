"""Who is compared: environments and the rows of the table. Standard library only."""

from dataclasses import dataclass

REQUIREMENTS = {
    "original": ("tensorflow==2.13.1", "tensorflow_hub==0.15.0", "tf_slim==1.1.0"),
    # By this pin PyTorch's CPU build, where the index has one.
    "pytorch": ("torch==2.13.0", "torchvision==0.28.0", "timm", "numpy", "pillow"),
    "onnxruntime": ("onnxruntime", "onnx", "numpy", "pillow"),
    "openvino": ("openvino", "nncf", "numpy", "pillow"),
    "ours": (".[quantize]", "scikit-image", "scikit-learn"),  # the last two hold the pictures
}


@dataclass(frozen=True)
class Row:
    """One line of the table. Of several `settings` of `run_<peer>.py` the fastest stands for the row."""

    title: str
    peer: str
    settings: tuple[str, ...]


BASE = Row("original: `hub.Module`, TensorFlow", "original", ("f32",))
OURS = Row("Inception Hub f32", "ours", ("f32",))
ROWS = (
    BASE,
    Row("PyTorch eager f32", "pytorch", ("f32",)),
    Row("PyTorch eager bf16", "pytorch", ("bf16",)),
    Row("PyTorch compiled f32", "pytorch", ("f32-compiled",)),
    Row("PyTorch compiled bf16", "pytorch", ("bf16-compiled",)),
    Row("PyTorch eager f32, as timm's `inference.py`", "pytorch", ("f32-timm",)),
    Row("ONNX Runtime f32", "onnxruntime", ("batch1", "batch8")),
    Row("plain OpenVINO f32", "openvino", ("f32-sync", "f32-async")),
    Row("plain OpenVINO bf16", "openvino", ("bf16-sync", "bf16-async")),
    Row("plain OpenVINO int8", "openvino", ("int8-sync", "int8-async")),
    OURS,
    Row("Inception Hub f32, the original's resize", "ours", ("f32-slim",)),
    Row("Inception Hub bf16", "ours", ("bf16",)),
    Row("Inception Hub int8", "ours", ("int8",)),
)
