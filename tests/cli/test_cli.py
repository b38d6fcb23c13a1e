"""The command line as a user meets it: rows on standard output, one line for every mistake, exit status."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from helpers.command import run
from PIL import Image

from inception_hub import bundle
from inception_hub.sources.cache import default_cache
from inception_hub.sources.keys import text_key
from inception_hub.sources.original import CLASSIFICATION


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        Image.fromarray((images_from_seed((40, 60, 3), seed) * 255).astype(np.uint8)).save(
            folder / f"{seed}.png"
        )
    return folder


def test_classify_jsonl(capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path) -> None:
    code, out, err = run(
        capsys, "classify", photos, "--module", small_module, "--format", "jsonl", "--top", 2
    )
    assert code == 0
    records = [json.loads(line) for line in out.splitlines()]
    assert [Path(record["path"]).name for record in records] == ["0.png", "1.png", "2.png"]
    for record in records:
        assert list(record) == ["path", "module", "predictions"]
        assert record["module"] == "small"
        first, second = record["predictions"]
        assert list(first) == ["label", "index", "probability"]
        assert first["probability"] >= second["probability"] > 0
    assert err == "Answering with small.\n"


def test_classify_table_and_csv(capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path) -> None:
    code, out, _ = run(capsys, "classify", photos / "1.png", "--module", small_module)
    assert code == 0 and "1.png" in out and "%" in out and "answered by small" in out
    code, out, _ = run(capsys, "classify", photos, "--module", small_module, "--format", "csv", "--top", 3)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == 9
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    assert rows[0]["label"] == "abcdefghij"[int(rows[0]["index"])]


def test_photos_beyond_the_limit_are_rows_with_an_error(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path
) -> None:
    Image.new("RGB", (90, 90)).save(photos / "3.png")
    common = ("--module", small_module, "--format", "jsonl", "--max-pixels", 5000)
    for verb in ("classify", "embed"):
        code, out, _ = run(capsys, verb, photos, *common)
        errors = [json.loads(line).get("error") for line in out.splitlines()]
        assert code == 1 and errors[:3] == [None] * 3
        assert "has 90 x 90 pixels; at most 5,000 are accepted" in errors[3]


def test_embed_and_parquet(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path, tmp_path: Path
) -> None:
    import pyarrow.parquet

    code, out, _ = run(capsys, "embed", photos, "--module", small_module)
    vectors = [json.loads(line)["vector"] for line in out.splitlines()]
    assert code == 0 and [len(vector) for vector in vectors] == [256] * 3
    target = tmp_path / "vectors.parquet"
    code, out, _ = run(
        capsys, "embed", photos, "--module", small_module, "--format", "parquet", "--output", target
    )
    assert code == 0 and out == ""
    table = pyarrow.parquet.read_table(target)
    assert table["vector"].to_pylist() == [pytest.approx(vector, rel=1e-6) for vector in vectors]
    code, _, err = run(
        capsys, "embed", photos, "--module", small_module, "--format", "parquet", "--output", target
    )
    assert code == 2 and "exists and is left as it is" in err


def test_gallery(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    code, _, err = run(capsys, "classify", photos, "--module", small_module, "--gallery", page)
    assert code == 0 and f"Pictures: {page}" in err
    html = page.read_text("utf-8")
    assert html.count("data:image/jpeg;base64,") == 3 and "small" in html


def test_one_bad_photo_costs_only_itself(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path
) -> None:
    (photos / "1.png").write_text("not a photo")
    code, out, err = run(
        capsys, "classify", photos, photos / "gone.jpg", "--module", small_module, "--format", "jsonl"
    )
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and len(records) == 4
    assert ["error" in record for record in records] == [False, True, False, True]
    assert "2 of 4 photos could not be read:" in err
    assert "1.png is no readable image" in err and "gone.jpg does not exist" in err


def test_standard_input(photos: Path, small_module: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "inception_hub",
        "classify",
        "-",
        "--module",
        small_module,
        "--format",
        "jsonl",
    ]
    done = subprocess.run(command, input=(photos / "0.png").read_bytes(), capture_output=True, check=True)
    record = json.loads(done.stdout)
    assert record["path"] == "-" and len(record["predictions"]) == 5


def test_a_reader_that_leaves_early_is_no_error(photos: Path, small_module: Path) -> None:
    for number in range(200):
        shutil.copy(photos / "0.png", photos / f"copy{number}.png")
    program = f"{sys.executable} -m inception_hub classify"
    command = f"{program} {photos} --module {small_module} --format csv | head -n 2"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stdout.startswith("path,module,rank")
    assert done.stderr == "Answering with small.\n"
    assert done.returncode == 0


MISTAKES = [
    (["classify"], "Missing argument 'INPUT...'"),
    (["classify", "x.jpg", "--tpo", "3"], "No such option: --tpo"),
    (["classify", "x.jpg", "--top", "0"], "Invalid value for '--top'"),
    (["classify", "x.jpg", "--format", "xml"], "Invalid value for '--format'"),
    (["clasify", "x.jpg"], "No such command 'clasify'"),
    (["classify", "x.jpg", "--module", "imgenet"], "'imgenet' does not exist (did you mean imagenet?)"),
    (["classify", "x.jpg", "--module", "https://tfhub.dev/google/nnlm/1"], "tfhub.dev is gone"),
    (["classify", "EMPTY", "--module", "MODULE"], "this folder holds no photo"),
    (["classify", "EMPTY/*.jpg", "--module", "MODULE"], "this pattern matches no photo"),
    (["classify", "MODULE/labels.txt", "--module", "MODULE"], "labels.txt is no readable image"),
    (["embed", "x.jpg", "--engine", "openvino", "--device", "cuda"], "only the torch engine takes one"),
    (["info", "nowhere"], "nowhere' does not exist"),
    (["convert", "MODULE", "EMPTY"], "already exists and is left as it is"),
    (["convert", "MODULE/labels.txt", "EMPTY/new"], "labels.txt"),
    (["train", "fancy", "EMPTY", "--output", "EMPTY/out"], "There is no recipe 'fancy'; give tiny-imagenet"),
    (["train", "tiny-imagenet", "EMPTY", "--output", "EMPTY/out"], "holds no images that can be used"),
]


@pytest.mark.parametrize(
    "arguments, message", MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    places = {"MODULE": str(small_module), "EMPTY": str(tmp_path)}
    for name, place in places.items():
        arguments = [argument.replace(name, place) for argument in arguments]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    lines = [line for line in err.splitlines() if not line.startswith("Answering with")]
    assert message in " ".join(lines)
    if "could not be read" not in err:
        assert len(lines) == 1 and out == ""


def test_info(capsys: pytest.CaptureFixture[str], small_module: Path) -> None:
    code, out, _ = run(capsys, "info", small_module, "--json")
    facts = json.loads(out)
    assert code == 0
    assert (facts["name"], facts["classes"], facts["variables"], facts["image_size"]) == (
        "small",
        10,
        277,
        [64, 64],
    )
    assert len(facts["signatures"]) == 5
    code, out, _ = run(capsys, "info", small_module)
    assert code == 0 and "64 x 64" in out and "random numbers" in out


def test_convert(capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path) -> None:
    code, out, _ = run(capsys, "convert", small_module, tmp_path / "copy")
    assert code == 0 and out.strip() == str(tmp_path / "copy")
    assert (tmp_path / "copy" / "weights.safetensors").read_bytes() == (
        small_module / "weights.safetensors"
    ).read_bytes()


def test_the_bundled_module_answers_until_the_original_is_pulled(
    capsys: pytest.CaptureFixture[str], photos: Path
) -> None:
    code, out, err = run(capsys, "classify", photos / "0.png", "--format", "jsonl")
    assert code == 0
    assert json.loads(out)["module"] == "tiny_imagenet"
    assert "Answering with tiny_imagenet." in err and "inception-hub pull imagenet" in err


def test_the_original_answers_once_it_is_pulled(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path
) -> None:
    default_cache().put(text_key(CLASSIFICATION), lambda path: bundle.write(bundle.read(small_module), path))
    code, out, err = run(capsys, "classify", photos / "0.png", "--format", "jsonl")
    assert code == 0 and json.loads(out)["module"] == "small" and err == "Answering with small.\n"


def test_offline_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    code, _, err = run(capsys, "pull", "imagenet")
    assert code == 2 and "INCEPTION_HUB_OFFLINE" in err and len(err.splitlines()) == 1


def test_cache(capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), "gztar", small_module)
    entry = Path(run(capsys, "pull", archive)[1].strip())
    code, out, _ = run(capsys, "cache", "ls")
    assert code == 0 and out.split()[0] == entry.name[:12] and "small" in out
    assert run(capsys, "cache", "verify")[:2] == (0, "")
    content = bytearray((entry / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (entry / "weights.safetensors").write_bytes(content)
    code, out, _ = run(capsys, "cache", "verify")
    assert code == 1 and "weights.safetensors is not the file" in out
    assert run(capsys, "pull", archive)[1].strip() == str(entry)  # makes it anew
    assert run(capsys, "cache", "verify")[:2] == run(capsys, "cache", "gc")[:2] == (0, "")
    (entry / "weights.safetensors").write_bytes(content)
    assert run(capsys, "cache", "gc")[:2] == (0, f"{entry}\n") and not entry.exists()
    run(capsys, "pull", archive)
    code, _, err = run(capsys, "cache", "rm", "zz")
    assert code == 2 and "0 modules in the cache have a key that begins with 'zz'" in err
    assert run(capsys, "cache", "rm", entry.name[:8])[0] == 0
    assert not entry.exists()


def test_a_prefix_of_several_keys_removes_none(
    capsys: pytest.CaptureFixture[str], small_module: Path
) -> None:
    cache = default_cache()
    for name in ("one", "other"):
        cache.put(text_key(name), lambda path: bundle.write(bundle.read(small_module), path))
    code, _, err = run(capsys, "cache", "rm", "")
    assert code == 2 and "2 modules in the cache have a key that begins with ''; see cache ls" in err
    assert len(cache.ls()) == 2


def test_what_a_cluster_is_not_asked(
    capsys: pytest.CaptureFixture[str], photos: Path, small_module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("classify", photos, "--module", small_module, "--ray", "local")
    parquet = ("--format", "parquet", "--output", photos / "rows")
    monkeypatch.setitem(sys.modules, "ray", None)
    for more, sentence in (
        ((), "--ray writes a folder of Parquet: give --format parquet and --output"),
        ((*parquet, "--resume"), "--resume and --gallery are one machine's"),
        ((*parquet, "--gallery", photos / "page.html"), "--resume and --gallery are one machine's"),
        (parquet, "--ray needs ray, which is not installed: pip install 'inception-hub[ray]'."),
    ):
        code, out, err = run(capsys, *asked, *more)
        assert code == 2 and out == "" and sentence in err and err.count("\n") == 2, err
