"""The scripts of benchmarks/ can be imported; the side-by-side comparison's arithmetic and its page.

The peers themselves need their environments.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from helpers.colour_photos import write_colour_photos

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
# Imports scripts; prints those that miss a package, with its name, and the files of all that was loaded.
IMPORT = """
import json, os, runpy, sys
from importlib.util import find_spec

missing = {}
for script in sys.argv[1:]:
    sys.path.insert(0, os.path.dirname(script))
    try:
        runpy.run_path(script)
    except ModuleNotFoundError as error:
        package = error.name.partition(".")[0]
        if find_spec(package):
            raise
        missing[script] = package
print(json.dumps([missing, [getattr(each, "__file__", None) for each in sys.modules.values()]]))
"""


def test_every_script_can_be_imported() -> None:
    """But for those that have the type checker overlook packages of other environments."""
    needed = ("resource", "nncf", "onnxruntime", "playwright", "skimage", "torch")
    if absent := [name for name in needed if find_spec(name) is None]:
        pytest.skip(f"without {', '.join(absent)}")
    paths = [*BENCHMARKS.glob("*.py"), *BENCHMARKS.glob("*/*.py")]
    files = {str(path): path.read_text("utf-8") for path in paths}
    scripts = [path for path, text in files.items() if '__name__ == "__main__"' in text]
    done = subprocess.run([sys.executable, "-c", IMPORT, *scripts], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    missing, loaded = json.loads(done.stdout.splitlines()[-1])
    for script, package in missing.items():
        assert "reportMissingImports" in files[script], f"{script} needs {package}"
    assert files.keys() <= {*scripts, *loaded}, "files that are no scripts, and that none of them needs"


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import peers.page
    import peers.processes
    import peers.results

    return peers


def rounds(peers: ModuleType, *rates: float, answers: tuple[int, ...] = (1, 2)) -> list[object]:
    return [peers.processes.Measured(rate, 2000 / rate, 100.0, 10 / rate, list(answers)) for rate in rates]


def test_ratios_are_taken_within_each_round(peers: ModuleType) -> None:
    """A machine twice as slow in the second round changes no ratio."""
    throughput = {
        ("original", "f32"): rounds(peers, 40, 20, 40),
        ("ours", "f32"): rounds(peers, 60, 30, 50, answers=(1, 3)),
    }
    base, ours = peers.results.figures(throughput, throughput)
    assert base.ratio == (1, 1, 1)
    assert ours.ratio == (1.5, 1.25, 1.5)
    assert ours.photos_per_second == 50
    assert ours.core_ms == 40 and ours.core_ratio == pytest.approx((1.5, 1.25, 1.5))
    assert (ours.agreement, ours.agreement_with_ours) == (0.5, 1)


def test_processor_time_of_processes_that_have_ended_counts(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    work = "sum(range(10_000_000))"
    program.write_text(
        f"import json, subprocess, sys; sys.path.insert(0, {str(BENCHMARKS / 'peers')!r}); import measure\n"
        "def classify(paths):\n"
        f"    subprocess.run([sys.executable, '-c', {work!r}], check=True)\n"
        "    return [0 for _ in paths]\n"
        "measure.main(lambda models, setting: classify)\n"
    )
    (tmp_path / "photos").write_text("a\nb\n")
    done = subprocess.run(
        [sys.executable, program, "models", "f32", tmp_path / "photos", "0"], capture_output=True, check=True
    )
    assert json.loads(done.stdout)["core_ms"] > 10  # the process takes 40 ms at the very least


def test_the_fastest_setting_stands_for_a_peer(peers: ModuleType) -> None:
    throughput = {
        ("original", "f32"): rounds(peers, 40),
        ("openvino", "f32-sync"): rounds(peers, 44),
        ("openvino", "f32-async"): rounds(peers, 48),
        ("ours", "f32"): rounds(peers, 60),
    }
    settings = {row.title: row.setting for row in peers.results.figures(throughput, throughput)}
    assert settings["plain OpenVINO f32"] == "f32-async"
    assert "PyTorch eager f32" not in settings


def test_tables_go_between_their_markers(peers: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- small -->\nold\n<!-- /small -->\nafter\n")
    peers.page.write("small", r"new \1", page)
    assert page.read_text() == "before\n<!-- small -->\nnew \\1\n<!-- /small -->\nafter\n"
    with pytest.raises(ValueError, match="mixed"):
        peers.page.write("mixed", "new", page)


@pytest.mark.parametrize("name", ["mixed", "small", "scaling"])
def test_the_page_has_a_place_for_each_table(peers: ModuleType, name: str) -> None:
    text = peers.page.PAGE.read_text("utf-8")
    assert text.count(f"<!-- {name} -->") == text.count(f"<!-- /{name} -->") == 1


def test_photos_are_the_same_every_time(tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    for folder in ("one", "two"):
        program = [sys.executable, BENCHMARKS / "peers" / "make_photos.py", tmp_path / folder]
        subprocess.run([*program, "3", "64x48", "48x64"], check=True)
    first, second = (
        [path.read_bytes() for path in sorted((tmp_path / folder).iterdir())] for folder in ("one", "two")
    )
    assert first == second and len(set(first)) == 3


def test_colours_are_counted_with_their_profiles_and_without(tmp_path: Path) -> None:
    write_colour_photos(tmp_path / "photos", 2)
    program = [sys.executable, BENCHMARKS / "colours.py", tmp_path / "photos", "6"]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    head, _, *rows = done.stdout.splitlines()
    assert head == "| of 6 photos | profile ignored | converted |"
    found = {row.split(" | ")[0].strip("| "): row.split(" | ")[1:] for row in rows}
    assert list(found) == ["Display P3", "Adobe RGB", "ProPhoto RGB"]
    for name, (ignored, converted) in found.items():
        assert float(converted.strip("% |")) >= float(ignored.strip("%")), name
