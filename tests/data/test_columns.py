"""Columns of tables by what people call them."""

import pytest

from inception_hub.data.columns import Columns, choose, is_known
from inception_hub.errors import FormatError


@pytest.mark.parametrize(
    "names, expected",
    [
        (["path", "label"], Columns("path", "label", None)),
        (["extra", "file_name", "labels", "split"], Columns("file_name", "labels", "split", ("extra",))),
        (["FileName", "Class", "Subset"], Columns("FileName", "Class", "Subset")),
        (["Image Path", "Category"], Columns("Image Path", "Category", None)),
        (["image_id", "target"], Columns("image_id", "target", None)),
        (["cls", "img"], Columns("img", "cls", None)),
        (["ImageId", "ImagePath", "ClassId"], Columns("ImagePath", "ClassId", None, ("ImageId",))),
    ],
)
def test_names_in_any_case_and_writing(names: list[str], expected: Columns) -> None:
    assert choose(names, "a table") == expected


def test_what_the_table_says_of_images_counts_more_than_names() -> None:
    columns = choose(["path", "photo", "kind"], "a table", images=["photo"], labels=["kind"])
    assert columns == Columns("photo", "kind", None, ("path",))
    assert choose(["image", "label", "kind"], "a table", labels=["kind"]).label == "label"


def test_missing_columns_are_named() -> None:
    with pytest.raises(FormatError, match="no column of images among a, b in list.csv; name one image .path"):
        choose(["a", "b"], "list.csv")
    with pytest.raises(FormatError, match="no column of labels among path, kind in list.csv; name one label"):
        choose(["path", "kind"], "list.csv")


def test_names_that_tell_a_first_line_from_a_row() -> None:
    assert is_known("File-Name") and is_known("Split") and not is_known("daisy")
