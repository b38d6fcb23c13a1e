"""Files of vectors: all that `embed` writes is read; what is damaged or foreign is refused in a sentence."""

import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.dataset_photos import png

import inception_hub as hub
from inception_hub import Module
from inception_hub.errors import FormatError
from inception_hub.inference.options import Options
from inception_hub.output.run import Target, write_rows
from inception_hub.output.settings import record_of, settings_of
from inception_hub.similarity import vector_files
from inception_hub.similarity.vector_files import ENDINGS, is_vector_file, read_vectors

OPTIONS = Options("vector")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png(number, (64, 64)))
    (folder / "bad.png").write_bytes(b"no photo")
    return folder


@pytest.fixture(scope="module", params=ENDINGS)
def embedded(
    request: pytest.FixtureRequest, module: Module, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("rows") / f"vectors{request.param}"
    names = iter(sorted(map(str, photos.iterdir())))
    write_rows(module, names, OPTIONS, Target(request.param[1:], path))
    return path


def settings(module: Module) -> dict[str, Any]:
    return dict(settings_of(module, OPTIONS))


def test_what_embed_writes_is_read(embedded: Path, module: Module, photos: Path) -> None:
    collection = read_vectors(str(embedded), module, settings(module))
    expected = hub.embed([photos / f"{number}.png" for number in range(3)], module)
    np.testing.assert_array_equal(collection.vectors, expected.array)
    names = expected.paths if embedded.suffix != ".npy" else [f"{embedded}[{row}]" for row in range(3)]
    assert list(collection.paths) == names


def test_other_settings_are_named(embedded: Path, module: Module) -> None:
    if embedded.suffix == ".npy":
        pytest.skip("it holds numbers alone")
    for name, value in (("weights", "other"), ("resize", "slim"), ("image size", "96x96")):
        with pytest.raises(
            FormatError, match=f"vectors made with {name} .*, not {value}; give what made them"
        ):
            read_vectors(str(embedded), module, settings(module) | {name: value})


def test_vectors_of_another_size_are_refused(embedded: Path, module: Module) -> None:
    wide = type("Wide", (), {"spec": module.spec, "architecture": type("A", (), {"num_features": 7})})
    with pytest.raises(FormatError, match=r"holds vectors of \[256\] numbers, and this module's have \[7\]"):
        read_vectors(str(embedded), wide, settings(module))  # pyright: ignore[reportArgumentType]


def test_without_a_record_rows_name_their_module(embedded: Path, module: Module, tmp_path: Path) -> None:
    if embedded.suffix != ".jsonl":
        pytest.skip("the others hold their settings")
    lines = embedded.read_text()
    path = tmp_path / "rows.jsonl"
    path.write_text(lines)
    assert len(read_vectors(str(path), module, settings(module)).paths) == 3
    path.write_text(lines.replace('"module": "small"', '"module": "large\\u001b"'))
    with pytest.raises(FormatError, match=r"holds vectors of large\\x1b, and the module is small; give"):
        read_vectors(str(path), module, settings(module))
    path.write_text(lines)
    record_of(path).write_bytes(b"\xff")
    with pytest.raises(FormatError, match=r"the record of its settings is damaged"):
        read_vectors(str(path), module, settings(module))


def test_torn_and_foreign_files_are_a_sentence(embedded: Path, module: Module, tmp_path: Path) -> None:
    content = embedded.read_bytes()
    path = tmp_path / f"x{embedded.suffix}"
    for damaged in (content[: len(content) // 2], content[:7], b"\0" * 500, b"null\n", b"[" * 100_000, b"{}"):
        path.write_bytes(damaged)
        with pytest.raises(
            FormatError, match=r"x\.\w+ (holds no such vectors as embed writes|cannot be read)"
        ):
            read_vectors(str(path), module, settings(module))


def test_what_is_no_file_is_a_sentence(module: Module, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone.npz cannot be read \(No such file or directory\); give"):
        read_vectors(str(tmp_path / "gone.npz"), module, {})
    (tmp_path / "rows.csv").write_text("path,module,error,v0\n")
    with pytest.raises(
        FormatError, match=r"Vectors are not read from .*rows.csv; give what embed writes as \.npy"
    ):
        read_vectors(str(tmp_path / "rows.csv"), module, {})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value: float, module: Module, tmp_path: Path) -> None:
    vectors = np.ones((3, 256), np.float32)
    vectors[1, 5] = value
    np.save(tmp_path / "x.npy", vectors)
    with pytest.raises(FormatError, match=r"not finite, of .*x\.npy\[1\]; embed these photos again"):
        read_vectors(str(tmp_path / "x.npy"), module, {})


def test_what_unpacks_to_very_much_is_refused(module: Module, tmp_path: Path) -> None:
    vectors = np.zeros((70_000, 256), np.float32)  # 72 MB
    np.savez_compressed(tmp_path / "x.npz", vectors=vectors, paths=np.full(70_000, "a"), module="small")
    assert (tmp_path / "x.npz").stat().st_size < 200_000
    with pytest.raises(FormatError, match=r"it unpacks to far more than its \d+,\d+ bytes"):
        read_vectors(str(tmp_path / "x.npz"), module, {})
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    import pyarrow as pa

    nothing = pa.table({name: pa.nulls(10**6, pa.string()) for name in ("path", "module", "vector")})
    parquet.write_table(nothing, tmp_path / "x.parquet")
    with pytest.raises(FormatError, match="it has more rows than bytes"):
        read_vectors(str(tmp_path / "x.parquet"), module, {})
    zeros = pa.array(np.zeros(30_000_000, np.float32))
    parquet.write_table(
        pa.table({"path": zeros}), tmp_path / "x.parquet", use_dictionary=False, data_page_size=1 << 30
    )
    with pytest.raises(FormatError, match="holds no such vectors"):
        read_vectors(str(tmp_path / "x.parquet"), module, {})


def test_paths_that_unpack_to_very_much_are_refused(module: Module, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    import pyarrow as pa

    vectors = np.random.default_rng(0).random((2500, 256), np.float32)
    columns = {"path": ["a" * 30_000] * 2500, "module": ["small"] * 2500, "vector": list(vectors)}  # 75 MB
    parquet.write_table(pa.table(columns), tmp_path / "x.parquet")
    assert (tmp_path / "x.parquet").stat().st_size < 5_000_000
    with pytest.raises(FormatError, match="it unpacks to far more than its"):
        read_vectors(str(tmp_path / "x.parquet"), module, {})


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '''",  # which Python's tokenizer refuses, by another kind of error than its parser
        b"{" * 90 + b"L\n  a\n b",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 256), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, -256), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }" % (b"1, " * 2000),
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s, 2), }" % (b"9" * 4000),
    ],
)
def test_headers_of_nonsense_are_a_short_sentence(header: bytes, module: Module, tmp_path: Path) -> None:
    start = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little")
    (tmp_path / "x.npy").write_bytes(start + header + bytes(2048))
    with pytest.raises(FormatError, match="holds no such vectors as embed writes") as caught:
        read_vectors(str(tmp_path / "x.npy"), module, {})
    assert str(caught.value).isprintable() and len(str(caught.value)) < 600


@pytest.mark.parametrize("order", "<>")
def test_texts_of_what_is_no_character_are_refused(order: str, module: Module, tmp_path: Path) -> None:
    """NumPy makes strings of them that Python's own functions do not take."""
    paths = np.array([0x110000, 0x61], f"{order}u4").view(f"{order}U1")
    np.savez(tmp_path / "x.npz", vectors=np.ones((2, 256)), paths=paths, module="small")
    with pytest.raises(FormatError, match="a text in it is none"):
        read_vectors(str(tmp_path / "x.npz"), module, {})
    paths = np.array(["\U0010ffff", "a"], f"{order}U1")
    np.savez(tmp_path / "x.npz", vectors=np.ones((2, 256)), paths=paths, module="small")
    assert list(read_vectors(str(tmp_path / "x.npz"), module, {}).paths) == ["\U0010ffff", "a"]


def test_lists_in_parquet_have_as_many_numbers_each(module: Module, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    import pyarrow as pa

    def read(vectors: object) -> Any:
        table = pa.table({"path": ["a", "b"], "module": ["small"] * 2, "vector": vectors})
        parquet.write_table(table, tmp_path / "x.parquet")
        return read_vectors(str(tmp_path / "x.parquet"), module, {}).vectors

    given = np.arange(512, dtype=np.float64).reshape(2, 256)
    for vectors in (list(given), pa.FixedSizeListArray.from_arrays(pa.array(given.ravel()), 256)):
        np.testing.assert_array_equal(read(vectors), given)
    assert read([None, given[1]]).tolist() == given[1:].tolist()
    for wrong in ([given[0], given[1][:8]], [["1.5"] * 256] * 2, [1.5, 2.5]):
        with pytest.raises(FormatError, match="holds no such vectors as embed writes"):
            read(wrong)
    with pytest.raises(FormatError, match="not finite, of a"):
        read([[None] * 256, given[1]])


def test_long_lines_are_not_held_together(module: Module, tmp_path: Path) -> None:
    row = {"path": "a", "module": "small", "vector": [0.5] * 256, "beside": "x" * (1 << 20)}
    (tmp_path / "x.jsonl").write_text((json.dumps(row) + "\n") * 3)
    parts: list[int] = []
    collected = vector_files._collected

    def counting(name: Path, some: Any, features: int, size: int) -> Any:
        return collected(name, (parts.append(len(each[0])) or each for each in some), features, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector_files, "_collected", counting)
        patch.setattr(vector_files, "HELD", 2 << 20)
        assert len(read_vectors(str(tmp_path / "x.jsonl"), module, {}).paths) == 3
    assert parts == [2, 1]


def test_a_page_of_few_bytes_and_many_numbers_is_refused(module: Module, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    import pyarrow as pa

    numbers = pa.ListArray.from_arrays([0, 20_000_000], pa.array(np.zeros(20_000_000, np.float32)))
    parquet.write_table(
        pa.table({"path": ["a"], "module": ["small"], "vector": numbers}), tmp_path / "x.parquet"
    )
    assert (tmp_path / "x.parquet").stat().st_size < 3000
    with pytest.raises(FormatError, match=r"20,\d+,\d+ values in \d+ bytes"):
        read_vectors(str(tmp_path / "x.parquet"), module, {})


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_damage_in_packed_arrays_is_a_sentence(method: int, module: Module, tmp_path: Path) -> None:
    arrays = io.BytesIO()
    np.savez(arrays, vectors=np.random.default_rng(0).random((3, 256)), paths=["a"] * 3, module="small")
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(arrays) as archive, zipfile.ZipFile(path, "w", method) as packed:
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    content = path.read_bytes()
    start = content.find(b"vectors.npy") + 200
    path.write_bytes(
        content[:start] + bytes(b ^ 90 for b in content[start : start + 300]) + content[start + 300 :]
    )
    with pytest.raises(FormatError, match=r"x\.npz (holds no such vectors as embed writes|cannot be read)"):
        read_vectors(str(path), module, {})


@pytest.mark.parametrize("field, value", [(6, 1), (8, 99), (4, 99)])  # encrypted, method, version
def test_zip_files_of_another_kind_are_a_sentence(
    field: int, value: int, module: Module, tmp_path: Path
) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, vectors=np.ones((3, 256)), paths=["a"] * 3, module="small")
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\3\4", field), (b"PK\1\2", field + 2)):
        start = -1
        while (start := content.find(mark, start + 1)) >= 0:
            content[start + place : start + place + 2] = value.to_bytes(2, "little")
    path.write_bytes(content)
    with pytest.raises(FormatError, match="holds no such vectors as embed writes"):
        read_vectors(str(path), module, {})


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "a\\ud800", "/a" * 20_000])
def test_paths_that_lead_to_no_file_are_refused(path: str, module: Module, tmp_path: Path) -> None:
    row = {"path": path, "module": "small", "vector": [1.0] * 256}
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(FormatError, match="one of its paths is none of this system's"):
        read_vectors(str(tmp_path / "x.jsonl"), module, {})
    row |= {"path": "a", "vector": [10**400] * 256}
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(FormatError, match="holds no such vectors as embed writes"):
        read_vectors(str(tmp_path / "x.jsonl"), module, {})


@pytest.mark.parametrize("array", [np.ones(3, np.float32), np.ones((2, 2), np.int64), np.array([["a"]])])
def test_arrays_of_another_kind_are_refused(array: np.ndarray, module: Module, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(FormatError, match=r"give float32 \[photos, features\]"):
        read_vectors(str(tmp_path / "x.npy"), module, {})


def test_pickles_are_not_opened(module: Module, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[{}]], object), allow_pickle=True)
    with pytest.raises(FormatError, match="holds object"):
        read_vectors(str(tmp_path / "x.npy"), module, {})


def test_a_claim_of_very_many_takes_no_memory(module: Module, tmp_path: Path) -> None:
    header = io.BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": (10**12, 256)}
    np.lib.format.write_array_header_1_0(header, described)
    (tmp_path / "x.npy").write_bytes(header.getvalue() + bytes(100))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("vectors.npy", header.getvalue() + bytes(100))
        for name, texts in (("paths", ["a"]), ("module", "small")):
            content = io.BytesIO()
            np.save(content, np.array(texts))
            archive.writestr(f"{name}.npy", content.getvalue())
    tracemalloc.start()
    for name in ("x.npy", "x.npz"):
        with pytest.raises(FormatError, match="it ends too early"):
            read_vectors(str(tmp_path / name), module, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_vectors_and_paths_that_do_not_match_are_refused(module: Module, tmp_path: Path) -> None:
    for paths in (["a"], ["a", "b", "c"]):
        path = tmp_path / f"{len(paths)}.npz"
        np.savez(path, vectors=np.ones((2, 256), np.float32), paths=paths, module="small")
        with pytest.raises(FormatError, match="2 vectors have"):
            read_vectors(str(path), module, {})


def test_many_vectors_are_not_in_memory(module: Module, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((50_000, 256), np.float32))  # 51 MB
    tracemalloc.start()
    collection = read_vectors(str(tmp_path / "x.npy"), module, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6 and isinstance(collection.vectors, np.memmap) and len(collection.paths) == 50_000


def test_a_line_longer_than_any_row_is_refused(
    module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inception_hub.similarity.vector_files.MAX_LINE", 100)
    (tmp_path / "x.jsonl").write_text(json.dumps({"path": "a" * 200}) + "\n")
    with pytest.raises(FormatError, match="a line is longer than 100 bytes"):
        read_vectors(str(tmp_path / "x.jsonl"), module, {})


def test_a_folder_is_no_file_of_vectors(tmp_path: Path) -> None:
    (tmp_path / "photos.npy").mkdir()
    assert not is_vector_file(str(tmp_path / "photos.npy"))
    assert is_vector_file("rows.NPZ") and not is_vector_file("cat.jpg")
