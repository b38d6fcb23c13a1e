"""An interrupted run of sets is resumed: their lengths vary, and other rows are no such rows."""

import shutil
from pathlib import Path

import pytest
from helpers.written_rows import SETS, written

from inception_hub.errors import OutputError
from inception_hub.output.choices import RowFormat
from inception_hub.output.settings import record_of
from inception_hub.output.writers import open_writer


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_sets_cut_anywhere_are_completed_to_the_byte(format: RowFormat, tmp_path: Path) -> None:
    """The last in a CSV file may lack lines: it is computed once more."""
    whole, cut = written(format, "predictions", SETS, tmp_path / "whole", sets=True), tmp_path / "cut"
    content = whole.read_bytes()
    shutil.copy(record_of(whole), record_of(cut))
    for length in range(len(content) + 1):
        cut.write_bytes(content[:length])
        with open_writer(format, "predictions", cut, 5, sets=True, resume=True) as writer:
            for each in SETS:
                if not writer.done.take(each.path):
                    writer.write(each)
        assert cut.read_bytes() == content, length


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_rows_of_the_other_kind_are_not_continued(format: RowFormat, tmp_path: Path) -> None:
    path = written(format, "predictions", SETS, tmp_path / "rows", sets=True)
    with pytest.raises(OutputError, match="cannot be resumed"):
        open_writer(format, "predictions", path, 5, resume=True)
