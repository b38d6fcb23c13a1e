"""CSV as people and programs write it, and JSON lines."""

import codecs
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inception_hub.data import text_tables
from inception_hub.data.text_tables import read_table
from inception_hub.errors import FormatError

EXPECTED = {"path": ["a.jpg", "b.png"], "label": ["daisy", "rose"]}


def table(tmp_path: Path, content: str | bytes, name: str = "list.csv") -> dict[str, list[Any]]:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(str(file))


@pytest.mark.parametrize(
    "content",
    [
        "path,label\na.jpg,daisy\nb.png,rose\n",
        "path;label\r\na.jpg;daisy\r\nb.png;rose",
        "path\tlabel\na.jpg\tdaisy\nb.png\trose\n",
        "path|label\na.jpg|daisy\nb.png|rose\n",
        "\n path , label \n\na.jpg, daisy\nb.png ,rose \n,\n",
        'path, label\n"a.jpg", "daisy"\n"b.png","rose"\n',
        codecs.BOM_UTF8 + b"path,label\na.jpg,daisy\nb.png,rose\n",
        codecs.BOM_UTF16_LE + "path;label\na.jpg;daisy\nb.png;rose\n".encode("utf-16-le"),
        "a.jpg,daisy\nb.png,rose\n",
    ],
)
def test_every_writing_of_csv(content: str | bytes, tmp_path: Path) -> None:
    assert table(tmp_path, content) == EXPECTED


def test_without_a_first_line_columns_are_told_by_what_they_hold(tmp_path: Path) -> None:
    read = table(tmp_path, "TRAIN,daisy,x/a.JPG\nVALIDATION,rose,b.png\n")
    assert read == {
        "split": ["TRAIN", "VALIDATION"],
        "label": ["daisy", "rose"],
        "path": ["x/a.JPG", "b.png"],
    }
    with pytest.raises(
        FormatError, match="has no line of names and 3 columns, .*; name them path, label and"
    ):
        table(tmp_path, "a.jpg,daisy,12\nb.jpg,rose,13\n")


def test_json_lines(tmp_path: Path) -> None:
    content = '{"file_name": "a.jpg", "label": 1}\n\n{"file_name": "b.jpg", "text": "\\u732b"}\n'
    expected = {"file_name": ["a.jpg", "b.jpg"], "label": [1, None], "text": [None, "猫"]}
    assert table(tmp_path, content, "metadata.jsonl") == expected


def test_paths_that_are_no_text_stay_paths(tmp_path: Path) -> None:
    assert table(tmp_path, b"path,label\ncaf\xe9.jpg,daisy\n")["path"] == [
        b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    ]


@pytest.mark.parametrize(
    "content, name, message",
    [
        ("", "a.csv", "has no rows; give a photo and its label a line"),
        ("path,label\na.jpg\n", "a.csv", "Line 2 of .*a.csv has 1 fields and its first line 2; give one"),
        ('path,label\n"a.jpg,daisy\n', "a.csv", "Line 2 of .*a.csv is no CSV .*; mend it"),
        ("path,label,label\na,b,c\n", "a.csv", "has two columns called .label.; name each"),
        ("path,label\n" + "a" * 200_000 + ",b\n", "a.csv", "is no CSV"),
        (codecs.BOM_UTF16_LE + b"a", "a.csv", "is no text at byte 0; save it as UTF-8"),
        ('{"path": "a.jpg"\n', "a.jsonl", "Line 1 of .*a.jsonl is no JSON object .*; give one a line"),
        ("[1]\n", "a.jsonl", "Line 1 of .* is no JSON object .no object.; give one"),
        ("[" * 100_000, "a.jsonl", "Line 1 of .* is no JSON object"),
    ],
)  # fmt: skip
def test_what_is_no_table(content: str | bytes, name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message):
        table(tmp_path, content, name)


def test_a_table_that_is_gone_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FormatError, match="gone.csv does not exist; give"):
        read_table(str(tmp_path / "gone.csv"))
    monkeypatch.setattr(text_tables, "MAX_BYTES", 10)
    with pytest.raises(FormatError, match="has more than 10 bytes; give a table of text"):
        table(tmp_path, "path,label\na.jpg,b\n")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200),
    name=st.sampled_from(["metadata.csv", "metadata.jsonl"]),
    headed=st.booleans(),
)
def test_anything_is_a_table_or_a_sentence(content: bytes, name: str, headed: bool, tmp_path: Path) -> None:
    try:
        read = table(tmp_path, b"path,label\n" * headed + content, name)
    except FormatError as error:
        assert "\n" not in str(error)[:200]
    else:
        assert len({len(column) for column in read.values()}) <= 1


def test_small_files_of_very_many_values_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "MAX_VALUES", 1000)
    for name, content in (
        ("wide.csv", "path,label" + "," * 1001 + "\n"),
        ("long.csv", "path,label\n" + "a.png,x\n" * 1000),
        ("wide.jsonl", "".join(f'{{"{n}": 0}}\n' for n in range(40))),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(FormatError, match=r"columns and [\d,]+ values; give at most 1,000 and 1,000"):
            text_tables.read_table(str(tmp_path / name))


@pytest.mark.parametrize("mark", ['"', " ", "a", "\r", "\0", "\x1b"])
def test_what_separates_nothing_is_no_separator(mark: str, tmp_path: Path) -> None:
    """From Python 3.13 on its reader raises for quotes and blanks."""
    with pytest.raises(FormatError):
        table(tmp_path, f"sep={mark}\npath,label\na.png,x\n")
    assert table(tmp_path, "sep=:\npath:label\na.png:x\n") == {"path": ["a.png"], "label": ["x"]}
