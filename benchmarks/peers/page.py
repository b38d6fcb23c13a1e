"""What docs/performance.md is told: text between two markers, and the machine it was measured on."""

import datetime
import os
import platform
import re
from pathlib import Path

from .processes import ROOT

PAGE = ROOT / "docs" / "performance.md"


def write(name: str, text: str, page: Path = PAGE) -> None:
    """Replaces what stands between `<!-- name -->` and `<!-- /name -->`; raises `ValueError` without them."""
    before, after = f"<!-- {name} -->", f"<!-- /{name} -->"
    content = page.read_text("utf-8")
    pattern = re.compile(f"{re.escape(before)}.*?{re.escape(after)}", re.DOTALL)
    if not pattern.search(content):
        raise ValueError(f"{page} has no {before} ... {after} to write between.")
    page.write_text(pattern.sub(lambda _: f"{before}\n{text}\n{after}", content), "utf-8")


def machine() -> str:
    """Processor, cores, memory, system and date."""
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        model = None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    processor = model[1] if model else platform.processor()
    date = datetime.date.today().isoformat()
    system = f"{platform.system()} {platform.machine()}"
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB, {system}, {date}"
