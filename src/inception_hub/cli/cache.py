"""`cache`: what was downloaded or converted."""

from typing import Annotated

import typer

from ..errors import ArgumentError
from .console import put, put_help, say

app = typer.Typer()


@app.callback(invoke_without_command=True)
def cache(context: typer.Context) -> None:
    """Look after downloaded and converted modules."""
    if context.invoked_subcommand is None:
        put_help(context)


@app.command("ls")
def cache_list() -> None:
    """List the modules in the cache. Key, size in MB, name, source."""
    from ..sources.cache import default_cache

    entries = default_cache().ls()
    if entries:
        put(f"{'key':12}  {'MB':>7}  name  source")
    for entry in entries:
        put(f"{entry.key[:12]}  {entry.size / 1e6:7.1f}  {entry.name}  {entry.source}")


@app.command("verify")
def cache_verify() -> None:
    """Verify every file in the cache. Exit status 1 if any is damaged."""
    from ..sources.cache import default_cache

    complaints = default_cache().verify()
    for key, complaint in complaints.items():
        put(f"{key[:12]}  {complaint}")
    if complaints:
        raise typer.Exit(1)


@app.command("rm")
def cache_remove(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The first digits of a key.")],
) -> None:
    """Remove a module from the cache."""
    from ..sources.cache import default_cache

    cache = default_cache()
    keys = [entry.key for entry in cache.ls() if entry.key.startswith(key)]
    if len(keys) != 1:
        raise ArgumentError(
            f"{len(keys)} modules in the cache have a key that begins with {key!r}; see cache ls."
        )
    cache.remove(keys[0])


@app.command("gc")
def cache_collect() -> None:
    """Remove what is not needed. Damaged modules, interrupted downloads, graphs unread for 30 days."""
    from ..sources.cache import default_cache

    removed = list(default_cache().gc())
    for path in removed:
        put(str(path))
    say(f"Removed: {len(removed)}." if removed else "There was nothing to remove.")
