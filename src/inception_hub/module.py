"""`Module`: the original's `hub.Module` over our engines.

The differences from the original are listed in docs/differences.md.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from . import bundle as bundles
from . import inputs as checked
from . import signatures
from .architecture import GLOBAL_POOL, Architecture
from .bundle import Bundle
from .bundle.precision import fastest_measured
from .engines import EngineName, EngineOptions, Precision, PrecisionChoice, choose_engine, load_engine
from .engines.compiled_graphs import CompiledGraphCache
from .errors import ArgumentError
from .labels import Labels
from .module_spec import ModuleSpec, graph_variant, load_module_spec
from .signatures import TensorInfo
from .sources.cache import default_cache
from .sources.huggingface import push_bundle
from .sources.resolve import default_handle
from .system.cores import limited_cores, usable_cores
from .system.home import at_home
from .system.numbers import check_count
from .weights import LazyWeights

if TYPE_CHECKING:
    import torch

    from .images.presets import Preset

Outputs = Any  # NumPy array or torch tensor, as the images were; a dict of them with as_dict=True


class Module:
    """Inception V2, callable.

    `spec`: anything `resolve` takes, or a `ModuleSpec`. `trainable`: variables take gradients. `tags`:
    None or empty for inference; `{"train"}` normalises by batch statistics and drops out before the
    logits; moving statistics move, once a call, only with both. `engine`: None takes `torch` when
    `trainable`, the tags are `{"train"}` or `device` is PyTorch's, else `openvino`. `precision`: `f32`,
    `bf16`, `int8`, or `auto`: the fastest that the module's card has figures of and the machine
    instructions for; `precision_reason` says which figures, None for the others. `device`: None is the
    CPU; `cuda` and `mps` are PyTorch's, `gpu` and `npu` OpenVINO's. `cores`: for OpenVINO; None is all that
    the process may use.

    `images_at_once`: of the default size, that `INCEPTION_HUB_IMAGE_GB` (2) leaves room for.

    Raises `TagsError` (a `ValueError`) for unknown tags, `ArgumentError` for an unknown engine,
    precision or device, or an image size that takes more memory than that, `MissingExtraError` where the
    engine's library is not installed.
    """

    def __init__(
        self,
        spec: "str | os.PathLike[str] | ModuleSpec",
        trainable: bool = False,
        name: str = "module",
        tags: Collection[str] | None = None,
        *,
        engine: EngineName | None = None,
        precision: PrecisionChoice = "f32",
        device: str | None = None,
        cores: int | None = None,
    ) -> None:
        self.tags = graph_variant(tags)
        trainable = _flag("trainable", trainable)
        if device is not None and not isinstance(device, str):
            raise ArgumentError(f"device is {device!r:.60}; give text such as 'cuda', or leave it out.")
        if cores is not None:
            cores = check_count("cores", cores)
        asked = "f32" if precision == "auto" else precision
        self.cores = cores or usable_cores()
        options = EngineOptions(asked, device, cores or limited_cores(), trainable, bool(self.tags))
        chosen = choose_engine(engine, options)
        if not isinstance(spec, (str, os.PathLike, ModuleSpec)):
            raise ArgumentError(
                f"Unknown module spec type: {type(spec)}; give a handle, a path "
                "or what load_module_spec returned."
            )
        self.spec = spec if isinstance(spec, ModuleSpec) else load_module_spec(spec)
        self.name = name
        self.trainable = trainable
        self.device = device
        bundle = self.spec.bundle
        self.images_at_once = bundles.images_at_once(bundle)
        self.precision_reason: str | None = None
        if precision == "auto":
            fastest, self.precision_reason = fastest_measured(bundle, chosen, options)
            options = replace(options, precision=fastest)
        if precision == "int8" and bundle.int8 is None:
            raise ArgumentError(
                f"{bundle.name} has no int8 graph; make one with inception-hub quantize MODULE "
                "--calibrate IMAGES, or give precision 'bf16'."
            )
        # Only weights as they lie in a file are known by a hash; those in memory may be any.
        if isinstance(bundle.weights, LazyWeights):
            graphs = CompiledGraphCache(default_cache().graphs, bundle.weights.identity, bundle.image_size)
            options = replace(options, compiled_graphs=graphs)
        self._engine = load_engine(chosen)(bundle.architecture, bundle.weights, bundle.int8, options)

    @property
    def engine(self) -> EngineName:
        """What computes: `openvino` or `torch`."""
        return self._engine.name

    @property
    def precision(self) -> Precision:
        """What is computed in: `f32` where the CPU lacks the precision that was asked for."""
        return self._engine.precision

    def __repr__(self) -> str:
        return f"Module({self.spec.bundle.name!r}, tags={sorted(self.tags)}, engine={self.engine!r})"

    def _repr_html_(self) -> str:
        return self.spec._repr_html_()

    @property
    def architecture(self) -> Architecture:
        """The network's table entry."""
        return self.spec.architecture

    @property
    def image_size(self) -> tuple[int, int]:
        """Default (height, width) in pixels."""
        return self.spec.image_size

    @property
    def resize(self) -> "Preset":
        """The preset by which photos become that size."""
        return self.spec.resize

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
        """Outputs for `inputs`: images float32 [batch, height, width, 3] in [0, 1], or a dict by input name.

        NumPy arrays (or nested lists) of floats give NumPy arrays. Torch tensors, on the torch engine, give
        torch tensors with gradients. `signature` None is `default`. Returns logits [batch, classes] or the
        feature vector [batch, 1024]; with `as_dict` a dict of `default` and every endpoint.

        Raises `SignatureError` (a `ValueError`), `InputError` (a `TypeError`) or `ArgumentError`.
        """
        chosen = signatures.find(self.architecture, signature)
        images, momentum = checked.split(inputs, chosen, signature or "default")
        names = self.architecture.endpoint_names if as_dict else (chosen.output,)
        endpoints = self._engine.endpoints(images, names, momentum=momentum)
        default = endpoints[chosen.output]
        if chosen.output == GLOBAL_POOL:
            default = default[:, 0, 0, :]
        return {"default": default, **{name: endpoints[name] for name in names}} if as_dict else default

    def endpoints(
        self, images: Any, names: Sequence[str], *, share_cores: bool = False
    ) -> Mapping[str, Outputs]:
        """The endpoints `names`, NHWC, for `images` as `__call__` takes them; nothing else is computed.

        `share_cores`: for several calls at once from several threads: each computes on a share of the cores
        (OpenVINO), where a single call takes all of them. Raises `ArgumentError` for a name that is no
        endpoint, else what `__call__` raises.
        """
        known = self.architecture.endpoint_names
        names = (names,) if isinstance(names, str) or not isinstance(names, Iterable) else tuple(names)
        if unknown := [name for name in names if name not in known]:
            raise ArgumentError(f"There is no endpoint {unknown[0]!r}; give some of {', '.join(known)}.")
        return self._engine.endpoints(images, names, share_cores=share_cores)

    @property
    def variable_map(self) -> "Mapping[str, torch.Tensor] | Mapping[str, NDArray[np.float32]]":
        """Every variable by Slim's name, in Slim's shapes.

        On PyTorch the live parameters and buffers themselves; on OpenVINO read-only NumPy arrays.
        """
        return self._engine.variable_map()

    @property
    def variables(self) -> "list[torch.Tensor] | list[NDArray[np.float32]]":
        """The values of `variable_map`: 277 at the original's size, sorted by name."""
        return list(self.variable_map.values())  # type: ignore[return-value]

    @property
    def trainable_variables(self) -> "list[torch.Tensor]":
        """Kernels, biases and betas, sorted by name; empty unless `trainable`."""
        return self._engine.trainable_variables()

    @property
    def regularization_losses(self) -> "list[torch.Tensor]":
        """Slim's weight decay as 69 scalars to add to a loss; empty unless `trainable`."""
        return self._engine.regularization_losses()

    @property
    def bundle(self) -> Bundle:
        """What a module directory holds, with the present weights."""
        weights = self._engine.weights()
        bundle = self.spec.bundle
        return bundle.trained(weights) if self.trainable else replace(bundle, weights=weights)

    def export(self, path: "str | os.PathLike[str]") -> None:
        """Writes a module directory with the present weights; `path` must not exist yet (`OutputError`)."""
        bundles.write(self.bundle, Path(at_home(path)))

    @classmethod
    def from_pretrained(
        cls, repository: "str | os.PathLike[str]", *, revision: str | None = None, **options: Any
    ) -> Self:
        """`Module("hf://owner/name@revision")` as Hugging Face's libraries spell it.

        `repository`: `owner/name`, or a directory on this machine, which comes first. `revision`: a branch,
        tag or commit of the repository; None is its main branch. `options`: of `Module`.

        Raises `ArgumentError` for a revision of a directory, and what `Module` raises.
        """
        handle = at_home(repository)
        if not os.path.exists(handle):
            return cls(f"hf://{handle}@{revision}" if revision else f"hf://{handle}", **options)
        if revision:
            raise ArgumentError(
                f"revision is {revision!r} and {handle} is on this machine; give a repository, owner/name, "
                "or no revision."
            )
        return cls(Path(handle), **options)

    def push_to_hub(self, repository: str, *, private: bool = False) -> str:
        """`hub.push`: uploads the module with its present weights to `owner/name`; returns the page's URL."""
        return push_bundle(self.bundle, repository, private=private)


def _flag(name: str, value: Any) -> bool:
    """`value` as a bool; raises `ArgumentError` for anything but True, False, 1, 0 and None."""
    if value is None or isinstance(value, bool | int | np.bool_) and value in (0, 1):
        return bool(value)
    raise ArgumentError(f"{name} is {value!r:.60}; give True or False.")


ModuleLike = str | os.PathLike[str] | ModuleSpec | Module  # a module, or what one is made of


def as_module(
    module: ModuleLike | None,
    *,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
) -> Module:
    """`module` itself, or the `Module` that is made of it; None: of the default handle.

    Raises `ArgumentError` for an engine, precision or device of a module that is made already, and what
    `Module` raises.
    """
    if not isinstance(module, Module):
        return Module(
            default_handle() if module is None else module, engine=engine, precision=precision, device=device
        )
    if engine is not None or precision != "f32" or device is not None:
        raise ArgumentError(
            "The module is made already; give engine, precision and device when it is: hub.Module(...)."
        )
    return module


def as_spec(module: ModuleLike | None) -> ModuleSpec:
    """What `module` holds, with its present weights; None: the default handle's module.

    Raises what `load_module_spec` raises.
    """
    if isinstance(module, ModuleSpec):
        return module
    if isinstance(module, Module):
        return ModuleSpec(module.bundle)
    return load_module_spec(default_handle() if module is None else module)
