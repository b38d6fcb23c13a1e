"""Keys of the cache's entries: other names or other bytes give another key."""

from pathlib import Path

import pytest

from inception_hub.errors import HandleError
from inception_hub.sources.keys import content_key, files_key, text_key


def test_any_text_has_a_key_of_its_own() -> None:
    texts = ["", "imagenet", "http://a/b", "http://a/B", "\udcff", "\u00e4", "\0"]
    keys = [text_key(text) for text in texts]
    assert len(set(keys)) == len(texts) and all(len(key) == 64 for key in keys)
    assert text_key("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_content_keys(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"abc")
    assert content_key(one) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (two / "sub").mkdir(parents=True)
    (two / "sub" / "b").write_bytes(b"bb")
    (two / "a").write_bytes(b"a")

    def key_of_two() -> str:
        return files_key({p.relative_to(two).as_posix(): p for p in two.rglob("*") if p.is_file()})

    key = key_of_two()
    assert key == files_key({"sub/b": two / "sub" / "b", "a": two / "a"})
    for name, data in (("a", b"A"), ("sub/b", b"b"), ("c", b"")):
        old = (two / name).read_bytes() if (two / name).exists() else None
        (two / name).write_bytes(data)
        assert key_of_two() != key
        (two / name).unlink() if old is None else (two / name).write_bytes(old)
    assert key_of_two() == key
    with pytest.raises(HandleError, match="cannot be read"):
        content_key(tmp_path / "missing")


def test_a_file_under_another_name_is_another_set(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    one, other = tmp_path / "a", tmp_path / "b"
    sets = [{"a": one, "b": other}, {"a": other, "b": one}, {"a": one, "c": other}, {"a": one}]
    assert len({files_key(files) for files in sets}) == 4
    assert files_key({"b": other, "a": one}) == files_key(sets[0])
