"""Options from variables and from a TOML file: which wins, what is refused, what `settings` shows."""

import json
import os
from pathlib import Path

import pytest
from helpers.command import run
from helpers.dataset_photos import png

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(png(0))
    return path


@pytest.fixture
def options(tmp_path: Path) -> Path:
    path = tmp_path / "options.toml"
    path.write_text('[classify]\ntop = 2\nformat = "csv"\n[serve]\nallowed-host = ["a", "b"]\n')
    return path


def rows(out: str) -> int:
    return len(out.splitlines()) - 1


def test_the_command_line_wins_then_a_variable_then_the_file(
    photo: Path, options: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert rows(run(capsys, "--config", options, "classify", photo)[1]) == 2
    monkeypatch.setenv("INCEPTION_HUB_CLASSIFY_TOP", "3")
    assert rows(run(capsys, "--config", options, "classify", photo)[1]) == 3
    assert rows(run(capsys, "--config", options, "classify", photo, "--top", 4)[1]) == 4


def test_the_file_is_found_by_its_variable_and_in_the_users_folder(
    photo: Path, options: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_CONFIG", str(options))
    assert rows(run(capsys, "classify", photo)[1]) == 2
    monkeypatch.delenv("INCEPTION_HUB_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "inception-hub").mkdir(parents=True)
    (tmp_path / "config" / "inception-hub" / "inception-hub.toml").write_bytes(options.read_bytes())
    assert rows(run(capsys, "classify", photo)[1]) == 2


def test_a_file_of_the_current_folder_is_not_read(
    photo: Path, options: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    options.rename(options.with_name("inception-hub.toml"))
    monkeypatch.chdir(options.parent)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(options.parent / "none"))
    assert run(capsys, "settings") == (0, "", "No option is set by a variable or a file.\n")


def test_settings_shows_what_is_set_and_where(
    options: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_CLASSIFY_TOP", "5")
    monkeypatch.setenv("INCEPTION_HUB_EXPLAIN_CLASS", "goldfish")
    status, out, _ = run(capsys, "--config", options, "settings", "--json")
    shown = {(row["verb"], row["option"]): (row["value"], row["from"]) for row in json.loads(out)}
    assert status == 0 and shown == {
        ("classify", "--top"): ("5", "INCEPTION_HUB_CLASSIFY_TOP"),
        ("classify", "--format"): ("csv", str(options)),
        ("explain", "--class"): (["goldfish"], "INCEPTION_HUB_EXPLAIN_CLASS"),
        ("serve", "--allowed-host"): (["a", "b"], str(options)),
    }
    table = run(capsys, "--config", options, "settings")[1]
    assert "INCEPTION_HUB_EXPLAIN_CLASS" in table and "--allowed-host" in table


def test_settings_names_variables_that_do_nothing(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for name in ("CLASIFY_TOP", "CLASSIFY_TPO", "CLASSIFY_TOP", "OFFLINE", "IMAGE_GB", "CONFIG"):
        monkeypatch.setenv(f"INCEPTION_HUB_{name}", "" if name == "CONFIG" else "1")
    status, out, err = run(capsys, "settings", "--json")
    assert status == 0 and [row["from"] for row in json.loads(out)] == ["INCEPTION_HUB_CLASSIFY_TOP"]
    assert err.splitlines() == [
        "INCEPTION_HUB_CLASIFY_TOP does nothing: no verb has such an option.",
        "INCEPTION_HUB_CLASSIFY_TPO does nothing: no verb has such an option.",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[clasify]\ntop = 2", "'clasify', which is no verb's table; give [classify] or another verb's."),
        ("top = 2", "'top', which is no verb's table"),
        (
            "[classify]\ntpo = 2",
            "'tpo' in [classify], which has no such option; see inception-hub classify --help.",
        ),
        ("[classify]\ntop = [2]", "top = [2] in [classify]; give one value."),
        ("[classify]\ntop = { a = 1 }", "in [classify]; give text or a number."),
        ("[classify]\ntop = true", "top = True in [classify]; give text or a number."),
        ("[classify]\noutput = 1979-05-27", "output = 1979-05-27 in [classify]; give text or a number."),
        ("[explain]\nclass = [[1]]", "class = [[1]] in [explain]; give text or a number."),
        ('[classify]\nheatmaps = "yes"', "heatmaps = yes in [classify]; give true or false."),
        ('[serve]\nallowed-host = "a"', "allowed-host = a in [serve]; give a list of values."),
        (
            '[classify]\ntop = "x"',
            "top in {file} is 'x'; give a whole number; see inception-hub classify --help.",
        ),
        ("[classify]\ntop = inf", "top = inf in [classify]; give text or a number."),
        ("[serve]\nallowed-host = [{}]", "allowed-host = [{{}}] in [serve]; give text or a number."),
        (
            "[classify]\ntop = [0x" + "f" * 5000 + "]",
            "{file} is no TOML (a whole number has more than 64 bits)",
        ),
        ("a." * 100_000 + "a = 1", "{file} is no TOML (line 1 has more than 100 dots)"),
        ("[classify", "{file} is no TOML ("),
        ("\xff", "{file} is no TOML ("),
        ("#" * (1 << 20) + "#", "{file} has more than 1,048,576 bytes; give a TOML file of options."),
        ("a = " + "[" * 100_000, "{file} is no TOML ("),
    ],
)
def test_what_no_verb_has_is_refused(content: str, told: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "wrong.toml"
    path.write_bytes(content.encode("latin-1"))
    status, out, err = run(capsys, "--config", path, "classify", "missing.jpg")
    assert (status, out) == (2, "") and told.format(file=path) in err
    assert err.count("\n") == 1 and len(err) < 500


def test_a_file_that_is_not_there(tmp_path: Path, capsys: Capture) -> None:
    status, _, err = run(capsys, "--config", tmp_path / "none.toml", "settings")
    assert status == 2 and "cannot be read (No such file or directory)" in err
    assert run(capsys, "--config", tmp_path, "settings")[0] == 2


def test_a_users_folder_that_cannot_be_looked_into(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/" + "x" * 5000)
    assert run(capsys, "settings") == (0, "", "No option is set by a variable or a file.\n")


def test_a_pipe_is_no_file_of_options(tmp_path: Path, capsys: Capture) -> None:
    os.mkfifo(tmp_path / "pipe")
    status, _, err = run(capsys, "--config", tmp_path / "pipe", "settings")
    assert status == 2 and "cannot be read" in err


def test_values_reach_a_terminal_without_controls(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("INCEPTION_HUB_CLASSIFY_MODULE", "a\x1b[2Jb")
    out = run(capsys, "settings")[1]
    assert "classify" in out and "\x1b" not in out


def test_a_variable_that_names_no_option_is_told_when_its_verb_is_run(
    photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_CLASSIFY_TPO", "3")
    monkeypatch.setenv("INCEPTION_HUB_SERVE_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    _, out, err = run(capsys, "classify", photo)
    assert rows(out) and err.startswith(
        "INCEPTION_HUB_CLASSIFY_TPO does nothing: classify has no such option.\n"
    )
    assert "does nothing" not in run(capsys, "embed", photo)[2]
