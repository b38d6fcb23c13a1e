"""Builds the documentation as a site that is read from its files, too: `make site`.

    python docs/build_site.py FOLDER

FOLDER gets the sources, `zensical.toml` and `pages/`: the pages of docs/, the README as the first, others
of the repository's root, and `api.md`, the public names whose docstrings mkdocstrings renders; links to
what is no page lead to the repository. Zensical makes `html/` of them, and a warning of it is an error.
Search from files needs a script of its own, `iframe-worker`, which pages would fetch from another host: it
comes from npm and goes into the site. Without npm all but search works offline.
"""

import ast
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
OF_ROOT = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
PICTURES = (".jpg", ".png", ".svg")
SHIM = "iframe-worker@1.0.4"
SHIM_SHA256 = "e8c5d12d87829c503afba01d67772ea9f4aba5b7ae57a0c98e1917711030efbb"  # of its package
SHIM_ADDRESS = re.compile(r"https://[^\"/]+/iframe-worker/shim")  # in the pages that Zensical makes
LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#\s]+)")


def gather(folder: Path) -> None:
    """Writes the sources of the site into `folder`, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = folder / "pages"
    pages.mkdir(parents=True)
    shutil.copy(DOCS / "zensical.toml", folder)
    for source in [*(ROOT / name for name in OF_ROOT), *sorted(DOCS.glob("*.md"))]:
        text = LINK.sub(lambda match, source=source: link(match[1], source), source.read_text("utf-8"))
        (pages / page_of(source)).write_text(text, "utf-8")
    for picture in DOCS.iterdir():
        if picture.suffix in PICTURES:
            shutil.copy(picture, pages)
    (pages / "api.md").write_text(api_page(), "utf-8")


def page_of(source: Path) -> str:
    """The name of the page that `source` becomes."""
    return OF_ROOT[source.name] if source.parent == ROOT else source.name


def link(target: str, source: Path) -> str:
    """Where a link of `source` to the file `target` leads: another page, a picture, or the repository."""
    path = (source.parent / target).resolve()
    if path.suffix == ".md" and path.parent in (ROOT, DOCS):
        return page_of(path)
    if path.parent == DOCS and path.suffix in PICTURES:
        return path.name
    kind = "tree" if path.is_dir() else "blob"
    return f"{repository()}/{kind}/main/{os.path.relpath(path, ROOT).replace(os.sep, '/')}"


def repository() -> str:
    """The address of the repository, as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Homepage"]


def api_page() -> str:
    """Every public name with its docstring."""
    tree = ast.parse((ROOT / "src" / "inception_hub" / "__init__.py").read_text("utf-8"))
    (names,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    head = "# Python, by docstrings\n\nEvery public name of the package, as its docstring describes it."
    return "\n\n".join([head, *(f"::: inception_hub.{name}" for name in names)]) + "\n"


def build(folder: Path) -> None:
    """Has Zensical make `html/` in `folder`; ends the program if it warns of anything."""
    zensical = Path(sys.executable).with_name("zensical")
    command = [zensical, "build", "--strict", "--clean", "--config-file", folder / "zensical.toml"]
    done = subprocess.run(command, env=os.environ | {"NO_COLOR": "1"})
    if done.returncode:
        sys.exit(done.returncode)


def bundle_search(folder: Path) -> None:
    """Puts the script that search needs on pages from files into the site, whose pages name it."""
    npm = shutil.which("npm")
    packed = npm and subprocess.run(
        [npm, "pack", "--silent", SHIM], cwd=folder, capture_output=True, text=True
    )
    if not packed or packed.returncode:
        print(f"npm does not give {SHIM}: search in the site needs a network.", file=sys.stderr)
        return
    content = (folder / packed.stdout.strip()).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHIM_SHA256:
        sys.exit(f"npm gives another {SHIM} than the one known here.")
    with tarfile.open(fileobj=io.BytesIO(content)) as package:
        for member, name in (
            ("package/shim/index.js", "search-shim.js"),
            ("package/LICENSE", "search-shim.LICENSE"),
        ):
            file = package.extractfile(member)
            assert file is not None
            (folder / "html" / "assets" / name).write_bytes(file.read())
    for page in (folder / "html").rglob("*.html"):
        depth = len(page.relative_to(folder / "html").parts) - 1
        text = page.read_text("utf-8")
        page.write_text(SHIM_ADDRESS.sub("../" * depth + "assets/search-shim.js", text), "utf-8")


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    gather(folder)
    build(folder)
    bundle_search(folder)
    print(folder / "html" / "index.html")


if __name__ == "__main__":
    main()
