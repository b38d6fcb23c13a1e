"""The slips of `make mutants`: all of them apply, and the runner tells what is noticed from what is not."""

from dataclasses import replace
from pathlib import Path

import pytest
from mutants import run
from mutants.run import (
    Results,
    Slip,
    Stale,
    applied,
    measure,
    read_slips,
    refuse_stale,
    report,
)

SOURCE = "def area(height, width):\n    return height * width\n"
SLIP = Slip(
    "room", "sum", "area.py", "height * width", "height + width", "Areas are wrong.", ("test_area.py",)
)
SQUARES = Slip(
    "room", "half", "area.py", "return", "return 0 +", "Nothing.", ("test_area.py",), "It is the same."
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one file with its test."""
    (tmp_path / "src" / "inception_hub").mkdir(parents=True)
    (tmp_path / "src" / "inception_hub" / "__init__.py").touch()
    (tmp_path / "src" / "inception_hub" / "area.py").write_text(SOURCE)
    (tmp_path / "tests").mkdir()
    test = "from inception_hub.area import area\n\n\ndef test_area():\n    assert area(3, 4) == 12\n"
    (tmp_path / "tests" / "test_area.py").write_text(test)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    return tmp_path


def test_all_slips_apply() -> None:
    slips = read_slips()
    refuse_stale(slips)
    assert len(slips) >= 200
    assert len({(slip.file, slip.text, slip.replacement) for slip in slips}) == len(slips)
    for slip in slips:
        assert slip.consequence.endswith("."), f"{slip} says in a sentence what it costs"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"text": "depth * width"}, "room/sum: its text stands 0 times in area.py"),
        ({"text": "height"}, "room/sum: its text stands 2 times in area.py"),
        ({"file": "gone.py"}, "room/sum: its text stands 0 times in gone.py"),
        ({"replacement": "height * width"}, "room/sum: it changes nothing"),
        ({"tests": ("test_gone.py",)}, "room/sum: there is no tests/test_gone.py"),
    ],
)
def test_a_slip_that_no_longer_applies_is_named(tree: Path, change: dict[str, object], says: str) -> None:
    assert applied(SLIP, tree) == SOURCE.replace("*", "+")
    with pytest.raises(Stale, match=says):
        refuse_stale([SQUARES, replace(SLIP, **change)], tree)  # type: ignore[arg-type]


def test_slips_are_noticed_or_not_and_remembered(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(tree / "build" / "results.jsonl")
    found = measure([SLIP, SQUARES], 2, 1e9, results)
    assert found == {SLIP: True, SQUARES: False}
    assert (tree / "src" / "inception_hub" / "area.py").read_text() == SOURCE
    with (tree / "build" / "results.jsonl").open("a") as file:
        file.write('{"key": "torn')
    again = Results(tree / "build" / "results.jsonl")
    assert measure([SLIP, SQUARES], 1, 0, again) == found, "no time is left, and none is needed"
    (tree / "tests" / "test_area.py").write_text("def test_area():\n    assert False\n")
    assert measure([SLIP], 1, 0, again) == {}, "other tests may find other things"
    for _ in range(2):
        with pytest.raises(RuntimeError, match="tests/test_area.py fails without any slip; mend it first."):
            measure([SLIP], 1, 1e9, again)


def test_survivors_need_a_reason_and_rooms_their_share(capsys: pytest.CaptureFixture[str]) -> None:
    many = [replace(SLIP, name=str(number)) for number in range(40)]
    assert report([*many, SQUARES], {slip: True for slip in many} | {SQUARES: False}, whole=True)
    out = capsys.readouterr().out
    assert "room                      40 / 41" in out and "40 / 41 = 97.6%" in out
    assert "not noticed: room/half\n  Nothing.\n  It is the same." in out
    for whole in (True, False):
        assert not report(many, {slip: slip is not many[0] for slip in many}, whole=whole)
        assert "No reason is given." in capsys.readouterr().out
    other = replace(SQUARES, room="other")
    assert not report([*many, other], {slip: True for slip in many} | {other: False}, whole=True)
    capsys.readouterr()


def test_of_a_few_slips_the_shares_are_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([SLIP, SQUARES], {SLIP: True, SQUARES: False}, whole=False)
    assert "1 / 2 = 50.0%" in capsys.readouterr().out
