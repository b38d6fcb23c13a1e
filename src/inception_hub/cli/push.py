"""`push`: a module to the Hugging Face Hub."""

from typing import Annotated

import typer

from .console import ModuleArgument, put, resolve_handle


def push(
    module: ModuleArgument,
    repository: Annotated[str, typer.Argument(metavar="REPOSITORY", help="owner/name; made if missing.")],
    private: Annotated[bool, typer.Option("--private", help="Visible to its owner only.")] = False,
) -> None:
    """Upload a module to the Hugging Face Hub. The handle hf://owner/name finds it there."""
    from ..sources.transfer import push as run

    put(run(resolve_handle(module), repository, private=private))
