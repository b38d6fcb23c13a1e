"""`cache`: what was downloaded or converted."""

from typing import Annotated

import typer

from ..errors import ArgumentError
from ..system.text import counted
from .console import put, put_help, say

app = typer.Typer()


@app.callback(invoke_without_command=True)
def cache(context: typer.Context) -> None:
    """Look after modules in the cache."""
    if context.invoked_subcommand is None:
        put_help(context)


@app.command("ls")
def cache_list() -> None:
    """List the modules in the cache. Key, size in MB, name, source."""
    from ..sources.cache import default_cache

    cache = default_cache()
    entries = cache.ls()
    if not entries:
        say(f"There is no module in {cache.root}.")
        return
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
        damaged = counted(len(complaints), "module is", "modules are")
        say(f"{damaged} damaged; inception-hub cache gc removes what is.")
        raise typer.Exit(1)
    say("No module is damaged.")


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
            f"{counted(len(keys), 'module')} in the cache have a key that begins with {key!r}; "
            "see inception-hub cache ls."
        )
    cache.remove(keys[0])
    say(f"Removed: {keys[0][:12]}.")


@app.command("gc")
def cache_collect() -> None:
    """Remove what is not needed. Damaged modules, interrupted downloads, what was not read for 30 days."""
    from ..sources.cache import default_cache

    removed = list(default_cache().gc())
    for path in removed:
        put(str(path))
    say(f"Removed: {len(removed)}." if removed else "There was nothing to remove.")
