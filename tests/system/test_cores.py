"""The cores that a process may use: those it is tied to, and the time that its control groups leave it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inception_hub.system.cores import GROUPS, usable_cores

MACHINE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
two = pytest.mark.skipif(MACHINE < 2, reason="needs two cores, to be left one of them")


def printed(program: str, *before: str) -> str:
    return subprocess.run(
        [*before, sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.strip()


@two
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_a_process_tied_to_one_core_uses_one() -> None:
    tie = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert usable_cores() == MACHINE
    both = (
        "from inception_hub.system.cores import usable_cores\n"
        "import inception_hub as hub\n"
        "print(usable_cores(), hub.Module('tiny_imagenet').cores)"
    )
    assert printed(tie + both) == "1 1"


@two
@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "100000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "max 100000\n"}, MACHINE),
        ("0::/\n", {"cpu.max": "1000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "101000 100000\n"}, 2),  # the time of one and a bit
        ("0::/\n", {"cpu.max": "900000000 100000\n"}, MACHINE),
        ("0::/pod/photos\n", {"pod/cpu.max": "100000 100000\n", "pod/photos/cpu.max": "max 100000\n"}, 1),
        ("0::/of/the/host\n", {"cpu.max": "100000 100000\n"}, 1),
        ("7:memory:/a\n3:cpuacct,cpu:/a\n", {"cpu/a/cpu.cfs_quota_us": "50000\n"}, 1),
        ("3:cpu:/a\n", {"cpu/a/cpu.cfs_quota_us": "-1\n"}, MACHINE),
        ("3:cpuset:/a\n", {"cpu/a/cpu.cfs_quota_us": "50000\n"}, MACHINE),
        ("nothing of the kind\n", {"cpu.max": "100000 100000\n"}, MACHINE),
        ("0::/\n", {"cpu.max": "1\n"}, MACHINE),
        ("0::/\n", {"cpu.max": "100000 0\n"}, MACHINE),
        ("0::/\n", {}, MACHINE),
    ],
)
def test_groups_limit_the_cores(tmp_path: Path, groups: str, files: dict[str, str], cores: int) -> None:
    process = tmp_path / "cgroup"
    process.write_text(groups)
    for name, text in files.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if name.endswith("quota_us"):
            file.with_name("cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(process, tmp_path / "groups") == cores


def test_a_system_without_groups_has_no_limits(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none", tmp_path) == MACHINE


@pytest.fixture
def join() -> Iterator[str]:
    """The beginning of a program that joins a real control group, with the time of one core."""
    versions = {1: (GROUPS / "cpu", "cpu.cfs_quota_us", "100000"), 2: (GROUPS, "cpu.max", "100000 100000")}
    root, name, limit = versions[1 if (GROUPS / "cpu" / "cpu.cfs_quota_us").exists() else 2]
    group = root / f"inception-hub-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / name).write_text(limit)
    except OSError:
        if group.is_dir():
            group.rmdir()
        pytest.skip("needs control groups that this user may write")
    yield f"import os; open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))\n"
    group.rmdir()


@two
def test_a_real_group_limits_the_cores_and_the_networks_threads(join: str) -> None:
    threads = (
        "import inception_hub as hub\n"
        "module = hub.Module('tiny_imagenet')\n"
        "graph = module._engine.compiled(32, 32, ('InceptionV2/Logits',), True)\n"
        "print(module.cores, graph.get_property('INFERENCE_NUM_THREADS'))\n"
    )
    assert printed(join + threads) == "1 1"


@two
def test_the_command_line_has_pytorch_take_as_many_threads(join: str) -> None:
    command = "from inception_hub.cli import main\ntry: main(['cache', 'path'])\nexcept SystemExit: pass\n"
    unset, given = "os.environ.pop('OMP_NUM_THREADS', None)\n", "os.environ['OMP_NUM_THREADS'] = '2'\n"
    threads = "import torch; print(torch.get_num_threads())"
    assert printed(join + unset + command + threads).splitlines()[-1] == "1"
    assert printed(join + given + command + threads).splitlines()[-1] == "2"
