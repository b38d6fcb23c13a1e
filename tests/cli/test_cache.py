"""`cache`: list, verify, remove, collect."""

import shutil
from pathlib import Path

import pytest
from helpers.command import run

from inception_hub import bundle
from inception_hub.sources.cache import default_cache
from inception_hub.sources.keys import text_key


def test_cache(capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), "gztar", small_module)
    entry = Path(run(capsys, "pull", archive)[1].strip())
    code, out, _ = run(capsys, "cache", "ls")
    head, line = out.splitlines()
    assert code == 0 and head.split() == ["key", "MB", "name", "source"]
    assert line.split()[0] == entry.name[:12] and "small" in line
    assert run(capsys, "cache", "verify") == (0, "", "No module is damaged.\n")
    content = bytearray((entry / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (entry / "weights.safetensors").write_bytes(content)
    code, out, err = run(capsys, "cache", "verify")
    assert code == 1 and "weights.safetensors is not the file" in out
    assert err == "1 module is damaged; inception-hub cache gc removes what is.\n"
    assert run(capsys, "pull", archive)[1].strip() == str(entry)  # makes it anew
    assert run(capsys, "cache", "verify")[:2] == run(capsys, "cache", "gc")[:2] == (0, "")
    (entry / "weights.safetensors").write_bytes(content)
    assert run(capsys, "cache", "gc") == (0, f"{entry}\n", "Removed: 1.\n") and not entry.exists()
    assert run(capsys, "cache", "gc") == (0, "", "There was nothing to remove.\n")
    nothing = f"There is no module in {default_cache().root}.\n"
    assert run(capsys, "cache", "ls") == (0, "", nothing)
    run(capsys, "pull", archive)
    code, _, err = run(capsys, "cache", "rm", "zz")
    assert code == 2 and "0 modules in the cache have a key that begins with 'zz'" in err
    assert run(capsys, "cache", "rm", entry.name[:8]) == (0, "", f"Removed: {entry.name[:12]}.\n")
    assert not entry.exists()


def test_a_prefix_of_several_keys_removes_none(
    capsys: pytest.CaptureFixture[str], small_module: Path
) -> None:
    cache = default_cache()
    for name in ("one", "other"):
        cache.put(text_key(name), lambda path: bundle.write(bundle.read(small_module), path))
    code, _, err = run(capsys, "cache", "rm", "")
    assert code == 2 and "2 modules in the cache have a key that begins with ''; see inception-hub" in err
    assert len(cache.ls()) == 2
