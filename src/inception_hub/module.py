"""`Module`: the original's `hub.Module` over our engines.

The differences from the original are listed in docs/differences.md.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from . import bundle as bundles
from . import inputs as checked
from . import signatures
from .architecture import GLOBAL_POOL, Architecture
from .bundle import Bundle
from .engines import openvino_network
from .engines.compiled_graphs import Graphs, has_graphs
from .errors import ArgumentError, FormatError, MissingExtraError, TagsError
from .labels import Labels
from .signatures import TensorInfo
from .sources.cache import default_cache
from .sources.resolve import Progress, resolve
from .weights import Stored

if TYPE_CHECKING:
    import torch

    from .engines.torch import Network as TorchNetwork
    from .engines.torch_answering import Answering

Engine = Literal["openvino", "torch"]
Precision = Literal["f32", "bf16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
Tags = frozenset[str]
VARIANTS: tuple[Tags, ...] = (frozenset(), frozenset({"train"}))
Outputs = Any  # NumPy array or torch tensor, as the images were; a dict of them with as_dict=True


class ModuleSpec:
    """A module before it is made runnable: what it holds and answers, without an engine."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    @property
    def architecture(self) -> Architecture:
        """The network's table entry."""
        return self.bundle.architecture

    @property
    def image_size(self) -> tuple[int, int]:
        """Default (height, width) in pixels."""
        return self.bundle.image_size

    @property
    def labels(self) -> Labels:
        """The classes' names, in the order of the logits."""
        return self.bundle.labels

    def get_tags(self) -> list[Tags]:
        """Tags of the graph variants: inference and training."""
        return list(VARIANTS)

    def get_signature_names(self, tags: Collection[str] | None = None) -> list[str]:
        """Names of the signatures, the same in both variants."""
        _variant(tags)
        return list(signatures.signatures(self.architecture))

    def get_input_info_dict(
        self, signature: str | None = None, tags: Collection[str] | None = None
    ) -> dict[str, TensorInfo]:
        """Inputs of a signature (None: `default`) by name."""
        _variant(tags)
        return signatures.find(self.architecture, signature).inputs

    def get_output_info_dict(
        self, signature: str | None = None, tags: Collection[str] | None = None
    ) -> dict[str, TensorInfo]:
        """Outputs of a signature (None: `default`) with `as_dict=True`, by name."""
        _variant(tags)
        return signatures.find(self.architecture, signature).outputs(self.architecture)


def load_module_spec(handle: "str | os.PathLike[str]", *, progress: Progress | None = None) -> ModuleSpec:
    """Resolves `handle` (see `resolve`) and reads the module behind it, every file verified.

    An entry of the cache that was damaged is made anew. Raises `HandleError` (an `OSError`) where `handle`
    leads nowhere, `FormatError` for damaged files elsewhere.
    """
    path = resolve(handle, progress=progress)
    try:
        return ModuleSpec(_read(path))
    except FormatError:
        if not default_cache().discard(path):
            raise
    return ModuleSpec(_read(resolve(handle, progress=progress)))


def _read(path: Path) -> Bundle:
    return bundles.read(path, known=lambda identity: has_graphs(_graphs(), identity))


def _graphs() -> Path:
    """Where compiled graphs are kept."""
    return default_cache().graphs


class Module:
    """Inception V2, callable.

    `spec`: anything `resolve` takes, or a `ModuleSpec`. `trainable`: variables take gradients.
    `tags`: None or empty for inference; `{"train"}` normalises by batch statistics and drops out before
    the logits; moving statistics move, once a call, only with both. `engine`: None takes `torch` when
    `trainable`, the tags are `{"train"}` or there is a `device`, else `openvino`. `precision`: `f32`, `bf16`
    or `int8`. `device`: of the torch engine; None is the CPU. `cores`: for OpenVINO; None is all of them.

    Raises `TagsError` (a `ValueError`) for unknown tags, `ArgumentError` for an unknown engine,
    precision or device, `MissingExtraError` where the engine's library is not installed.
    """

    def __init__(
        self,
        spec: "str | os.PathLike[str] | ModuleSpec",
        trainable: bool = False,
        name: str = "module",
        tags: Collection[str] | None = None,
        *,
        engine: Engine | None = None,
        precision: Precision = "f32",
        device: str | None = None,
        cores: int | None = None,
    ) -> None:
        self.tags = _variant(tags)
        if engine not in (None, "openvino", "torch"):
            raise ArgumentError(f"engine is {engine!r}; give 'openvino', 'torch', or leave it out.")
        if precision not in PRECISIONS:
            raise ArgumentError(
                f"precision is {precision!r}; give 'f32' (the original's numbers), 'bf16' or 'int8'."
            )
        needs_torch = trainable or bool(self.tags)
        if needs_torch and engine == "openvino":
            raise ArgumentError(
                "engine='openvino' only answers; a trainable module or tags={'train'} take 'torch'."
            )
        needs_torch = needs_torch or device is not None
        self.engine: Engine = engine or ("torch" if needs_torch else "openvino")
        if device is not None and self.engine != "torch":
            raise ArgumentError(
                f"device is {device!r}, and only the torch engine takes one; leave out engine='openvino'."
            )
        if precision == "int8" and self.engine == "torch":
            raise ArgumentError("precision='int8' is OpenVINO's; give 'bf16', or leave PyTorch out.")
        if not isinstance(spec, (str, os.PathLike, ModuleSpec)):
            raise ArgumentError(
                f"Unknown module spec type: {type(spec)}; give a handle, a path "
                "or what load_module_spec returned."
            )
        self.spec = spec if isinstance(spec, ModuleSpec) else load_module_spec(spec)
        self.name = name
        self.trainable = trainable
        self.device = device
        self.cores = cores or os.cpu_count() or 1
        self.throughput = False  # whether calls share the cores, several at once, instead of each having all
        if precision == "int8" and self.spec.bundle.int8 is None:
            raise ArgumentError(
                f"{self.spec.bundle.name} has no int8 graph; make one with inception-hub quantize MODULE "
                "--calibrate IMAGES, or give precision 'bf16'."
            )
        self.precision: Precision = precision
        if self.engine == "torch":
            self._torch = _torch_network(self.spec.bundle, trainable, device)
            self._answering = _torch_answering(self._torch, precision)
        else:
            network, bundle, graphs = openvino_network(), self.spec.bundle, None
            # Only weights as they lie in a file are known by a hash; those in memory may be any.
            if isinstance(weights := bundle.weights, Stored):
                graphs = Graphs(_graphs(), weights.identity, self.image_size)
            self._openvino = network(bundle.architecture, weights, precision, bundle.int8, graphs, cores)
            self.precision = self._openvino.precision

    def __repr__(self) -> str:
        return f"Module({self.spec.bundle.name!r}, tags={sorted(self.tags)}, engine={self.engine!r})"

    @property
    def architecture(self) -> Architecture:
        """The network's table entry."""
        return self.spec.architecture

    @property
    def image_size(self) -> tuple[int, int]:
        """Default (height, width) in pixels."""
        return self.spec.image_size

    @property
    def labels(self) -> Labels:
        """The classes' names, in the order of the logits."""
        return self.spec.labels

    def get_signature_names(self) -> list[str]:
        """Names of the signatures."""
        return self.spec.get_signature_names(self.tags)

    def get_input_info_dict(self, signature: str | None = None) -> dict[str, TensorInfo]:
        """Inputs of a signature (None: `default`) by name."""
        return self.spec.get_input_info_dict(signature, self.tags)

    def get_output_info_dict(self, signature: str | None = None) -> dict[str, TensorInfo]:
        """Outputs of a signature (None: `default`) with `as_dict=True`, by name."""
        return self.spec.get_output_info_dict(signature, self.tags)

    def __call__(self, inputs: Any, *, signature: str | None = None, as_dict: bool = False) -> Outputs:
        """Answers for `inputs`: images float32 [batch, height, width, 3] in [0, 1], or a dict by input name.

        NumPy arrays (or nested lists) of floats give NumPy arrays. Torch tensors, on the torch engine, give
        torch tensors with gradients. `signature` None is `default`. Returns logits [batch, classes] or the
        feature vector [batch, 1024]; with `as_dict` a dict of `default` and every endpoint.

        Raises `SignatureError` (a `ValueError`), `InputError` (a `TypeError`) or `ArgumentError`.
        """
        found = signatures.find(self.architecture, signature)
        images, momentum = checked.split(inputs, found, signature or "default")
        names = self.architecture.endpoint_names if as_dict else (found.output,)
        compute = self._compute_torch if self.engine == "torch" else self._compute_openvino
        endpoints = compute(images, names, momentum)
        default = endpoints[found.output]
        if found.output == GLOBAL_POOL:
            default = default[:, 0, 0, :]
        return {"default": default, **{name: endpoints[name] for name in names}} if as_dict else default

    def _compute_openvino(self, images: Any, names: Sequence[str], momentum: float) -> Mapping[str, Any]:
        if _is_torch(images):
            raise checked.InputError(
                "'images' is a torch tensor and this module runs on OpenVINO; give a NumPy array, "
                "or construct the module with engine='torch'."
            )
        return self._openvino(checked.numpy_images(images), names, self.throughput)

    def _compute_torch(self, images: Any, names: Sequence[str], momentum: float) -> Mapping[str, Any]:
        import torch

        device = next(self._torch.parameters()).device
        training, from_torch = bool(self.tags), _is_torch(images)
        if from_torch:
            tensor = checked.torch_images(images, device)
        else:
            tensor = torch.from_numpy(checked.numpy_images(images))
        gradients = from_torch and torch.is_grad_enabled()
        if not training and not gradients:
            endpoints = self._answering(tensor, names)
        else:
            with (
                torch.set_grad_enabled(gradients),
                torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"),
            ):
                endpoints = self._torch(
                    tensor.to(device),
                    batch_statistics=training,
                    momentum=momentum if training and self.trainable else None,
                    dropout=training,
                    endpoints=names,
                )
        found = {name: endpoints[name].float() for name in names}
        return found if from_torch else {name: value.cpu().numpy() for name, value in found.items()}

    @property
    def variable_map(self) -> "dict[str, torch.Tensor] | dict[str, NDArray[np.float32]]":
        """Every variable by Slim's name, in Slim's shapes.

        On PyTorch the live parameters and buffers themselves; on OpenVINO read-only NumPy arrays.
        """
        if self.engine == "torch":
            state = {**dict(self._torch.named_parameters()), **dict(self._torch.named_buffers())}
            return {name: state[name] for name in sorted(state)}
        arrays = {name: self.spec.bundle.weights[name].view() for name in sorted(self.architecture.variables)}
        for array in arrays.values():
            array.flags.writeable = False
        return arrays

    @property
    def variables(self) -> "list[torch.Tensor] | list[NDArray[np.float32]]":
        """The values of `variable_map`: 277 at the original's size, sorted by name."""
        return list(self.variable_map.values())  # type: ignore[return-value]

    @property
    def trainable_variables(self) -> "list[torch.Tensor]":
        """Kernels, biases and betas, sorted by name; empty unless `trainable`."""
        if not self.trainable:
            return []
        return [value for name, value in sorted(self._torch.named_parameters())]

    @property
    def regularization_losses(self) -> "list[torch.Tensor]":
        """Slim's weight decay as 69 scalars to add to a loss; empty unless `trainable`."""
        return self._torch.regularization_losses() if self.trainable else []

    @property
    def bundle(self) -> Bundle:
        """What a module directory holds, with the present weights."""
        weights = {
            name: value if isinstance(value, np.ndarray) else value.detach().cpu().numpy()
            for name, value in self.variable_map.items()
        }
        bundle = replace(self.spec.bundle, weights=weights)
        if not self.trainable:
            return bundle
        # Trained weights are no longer those the figures and the card speak of.
        source = bundles.Provenance(f"trained from {bundle.provenance.source}", bundle.provenance.licence)
        return replace(bundle, provenance=source, accuracy=(), card="", report="", int8=None)

    def export(self, path: "str | os.PathLike[str]") -> None:
        """Writes a module directory with the present weights; `path` must not exist yet (`OutputError`)."""
        bundles.write(self.bundle, Path(path))


def _variant(tags: Collection[str] | None) -> Tags:
    if isinstance(tags, str):
        raise TagsError(f"tags is the string {tags!r}; give a set of tags such as {{{tags!r}}}.")
    found = frozenset(tags or ())
    if found not in VARIANTS:
        raise TagsError(
            f"No such graph variant: tags={sorted(map(str, found))}; give none for inference or {{'train'}}."
        )
    return found


def _is_torch(value: Any) -> bool:
    """Whether `value` is a torch tensor, without importing PyTorch for those who do not use it."""
    return any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(value).__mro__)


def _torch_network(bundle: Bundle, trainable: bool, device: str | None) -> "TorchNetwork":
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError(
            "This module needs PyTorch, which is not installed: pip install 'inception-hub[train]'."
        ) from error
    from .engines.torch import Network

    network = Network(bundle.architecture, bundle.weights).requires_grad_(trainable)
    try:
        return network.to(torch.device("cpu" if device is None else device))
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ArgumentError(
            f"device is {device!r}, which PyTorch cannot use here ({reason}); give 'cpu' or leave it out."
        ) from error


def _torch_answering(network: "TorchNetwork", precision: Precision) -> "Answering":
    import torch

    from .engines.torch_answering import Answering

    return Answering(network, torch.bfloat16 if precision == "bf16" else torch.float32)


def get_expected_image_size(
    module_or_spec: Module | ModuleSpec, signature: str | None = None, input_name: str | None = None
) -> list[int]:
    """[height, width] in pixels that the module expects by default; any other size works too."""
    _check_input(module_or_spec, signature, input_name)
    return list(module_or_spec.image_size)


def get_num_image_channels(
    module_or_spec: Module | ModuleSpec, signature: str | None = None, input_name: str | None = None
) -> int:
    """Channels of the images: always 3."""
    _check_input(module_or_spec, signature, input_name)
    return 3


def _check_input(module_or_spec: Module | ModuleSpec, signature: str | None, input_name: str | None) -> None:
    found = signatures.find(module_or_spec.architecture, signature)
    if input_name not in (None, signatures.IMAGES):
        raise ArgumentError(
            f"Module is missing input {input_name!r} in signature {signature or 'default'!r}; "
            f"it has {', '.join(found.inputs)}."
        )


def load_images(
    images: Sequence[Any], module: Module | ModuleSpec | tuple[int, int], *, resize: str | None = None
) -> NDArray[np.float32]:
    """Files, bytes or PIL images -> float32 [n, height, width, 3] in [0, 1], as `module` wants them.

    `module` may be a (height, width) instead. `resize`: `default`, `slim` or `plain`; None is the module's
    own preset. Raises `ImageError` naming the image that cannot be read.
    """
    from .images import decode as image_files

    if isinstance(module, (Module, ModuleSpec)):
        spec = module.spec if isinstance(module, Module) else module
        return image_files.load_images(images, spec.image_size, resize=resize or spec.bundle.resize)  # type: ignore[arg-type]
    return image_files.load_images(images, module, resize=resize or "default")  # type: ignore[arg-type]
