"""`ModuleSpec`: what a module holds, before an engine makes it runnable."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from . import bundle as bundles
from . import signatures
from .architecture import Architecture
from .bundle import Bundle
from .engines.compiled_graphs import has_graphs
from .errors import ArgumentError, FormatError, InputError, TagsError
from .labels import Labels
from .signatures import TensorInfo
from .sources.cache import default_cache
from .sources.resolve import Progress, resolve

if TYPE_CHECKING:
    from .images.presets import Preset

Tags = frozenset[str]
VARIANTS: tuple[Tags, ...] = (frozenset(), frozenset({"train"}))


class ModuleSpec:
    """A module before it is made runnable: what it holds, its inputs and outputs, without an engine."""

    def __init__(self, bundle: Bundle) -> None:
        if not isinstance(bundle, Bundle):
            raise InputError(f"bundle is {bundle!r:.60}; make a ModuleSpec of a handle by load_module_spec.")
        self.bundle = bundle

    def __repr__(self) -> str:
        height, width = self.image_size
        classes = self.architecture.num_classes
        size = f"{height} x {width} px"
        return f"ModuleSpec({self.bundle.name!r}, {classes or 'no'} classes, {size}, resize={self.resize!r})"

    def _repr_html_(self) -> str:
        """A small table, as notebooks show it."""
        from html import escape

        height, width = self.image_size
        measured = [figures for figures in self.bundle.accuracy if "top1" in figures]
        facts = {
            "classes": f"{self.architecture.num_classes:,}" if self.architecture.num_classes else "none",
            "image size": f"{height} x {width} px, {self.resize}",
            **{f"top-1 on {f.get('data', 'photos')}": f"{f['top1']:.2%}" for f in measured},
            "source": self.bundle.provenance.source,
            "licence": self.bundle.provenance.licence,
        }
        rows = "".join(f"<tr><th>{escape(n)}</th><td>{escape(str(v))}</td></tr>" for n, v in facts.items())
        return f"<table><caption>{escape(self.bundle.name)}</caption>{rows}</table>"

    @property
    def architecture(self) -> Architecture:
        """The network's table entry."""
        return self.bundle.architecture

    @property
    def image_size(self) -> tuple[int, int]:
        """Default (height, width) in pixels."""
        return self.bundle.image_size

    @property
    def resize(self) -> "Preset":
        """The preset by which photos become that size."""
        return self.bundle.resize

    @property
    def labels(self) -> Labels:
        """The classes' names, in the order of the logits."""
        return self.bundle.labels

    def get_tags(self) -> list[Tags]:
        """Tags of the graph variants: inference and training."""
        return list(VARIANTS)

    def get_signature_names(self, tags: Collection[str] | None = None) -> list[str]:
        """Names of the signatures, the same in both variants."""
        graph_variant(tags)
        return list(signatures.signatures(self.architecture))

    def get_input_info_dict(
        self, signature: str | None = None, tags: Collection[str] | None = None
    ) -> dict[str, TensorInfo]:
        """Inputs of a signature (None: `default`) by name."""
        graph_variant(tags)
        return signatures.find(self.architecture, signature).inputs

    def get_output_info_dict(
        self, signature: str | None = None, tags: Collection[str] | None = None
    ) -> dict[str, TensorInfo]:
        """Outputs of a signature (None: `default`) with `as_dict=True`, by name."""
        graph_variant(tags)
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
    return bundles.read(path, known=lambda identity: has_graphs(default_cache().graphs, identity))


def graph_variant(tags: Collection[str] | None) -> Tags:
    """`tags` as the graph variant they name; raises `TagsError` where there is none."""
    if isinstance(tags, str):
        raise TagsError(f"tags is the string {tags!r}; give a set of tags such as {{{tags!r}}}.")
    try:
        variant = frozenset(tags or ())
    except TypeError:  # no collection, or of what is no text
        raise TagsError(f"tags is {tags!r:.60}; give none for inference or {{'train'}}.") from None
    if variant not in VARIANTS:
        given = sorted(map(str, variant))
        raise TagsError(f"No such graph variant: tags={given}; give none for inference or {{'train'}}.")
    return variant


class HasSignatures(Protocol):
    """A `Module` or a `ModuleSpec`."""

    @property
    def architecture(self) -> Architecture: ...
    @property
    def image_size(self) -> tuple[int, int]: ...


def get_expected_image_size(
    module_or_spec: HasSignatures, signature: str | None = None, input_name: str | None = None
) -> list[int]:
    """[height, width] in pixels that the module expects by default; any other size works too."""
    _check_input(module_or_spec, signature, input_name)
    return list(module_or_spec.image_size)


def get_num_image_channels(
    module_or_spec: HasSignatures, signature: str | None = None, input_name: str | None = None
) -> int:
    """Channels of the images: always 3."""
    _check_input(module_or_spec, signature, input_name)
    return 3


def _check_input(module_or_spec: HasSignatures, signature: str | None, input_name: str | None) -> None:
    if not isinstance(getattr(module_or_spec, "architecture", None), Architecture):
        raise InputError(
            f"module_or_spec is {module_or_spec!r:.60}; give a Module, or what load_module_spec returned."
        )
    chosen = signatures.find(module_or_spec.architecture, signature)
    if input_name not in (None, signatures.IMAGES):
        raise ArgumentError(
            f"Module is missing input {input_name!r} in signature {signature or 'default'!r}; "
            f"it has {', '.join(chosen.inputs)}."
        )
