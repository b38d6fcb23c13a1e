"""The command line run within the test, as a user would run it."""

import pytest

from inception_hub.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit status, standard output, standard error of `inception-hub ARGUMENTS`."""
    with pytest.raises(SystemExit) as exit:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    code = exit.value.code
    assert isinstance(code, int)
    return code, out, err
