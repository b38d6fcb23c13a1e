"""CUDA code run without a GPU, as far as shapes, strides, devices and waiting for the device go.

Tensors of `FakeTensorMode` have no values; a tensor of another device than its neighbours, or a value asked
for on the CPU, raises where a GPU would fail or wait. PyTorch's CPU build refuses to differentiate for a
device that it was built without, so a small library (`fake_cuda.cpp`) says that there is one. It must be
loaded before PyTorch, hence a process of its own:

    run('''
    from inception_hub.engines.torch import Network
    with cuda() as device:
        network = moved(Network(...), device)
        network(torch.rand(2, 64, 64, 3, device=device), batch_statistics=True)
    ''')
"""

import atexit
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PRELUDE = '''
import ctypes, sys
ctypes.CDLL(sys.argv[1])
import torch
from contextlib import contextmanager
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode
import torch.cuda.amp.common

torch.cuda.amp.common.amp_definitely_not_available = lambda: False  # autocast asks the driver
torch.cuda.is_bf16_supported = lambda *args, **kwargs: True

@contextmanager
def cuda():
    with FakeTensorMode():
        yield torch.device("cuda", 0)

def moved(network, device):
    """`network.to(device)`, which tensors without values refuse."""
    for module in network.modules():
        for variables in (module._parameters, module._buffers, vars(module)):
            for name, value in variables.items():
                if isinstance(value, torch.Tensor):
                    there = torch.empty_like(value, device=device)
                    if isinstance(value, torch.nn.Parameter):
                        there = torch.nn.Parameter(there, value.requires_grad)
                    variables[name] = there
    return network
'''


def run(program: str, *arguments: str) -> str:
    """The output of `program`, run after `PRELUDE`; its error fails the test. Skips without a compiler.

    `arguments` are `sys.argv[2:]` of it.
    """
    folders = [HERE.parent, HERE.parents[1] / "src", os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(map(str, folders))
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + program, library(), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    return ended.stdout


@cache
def library() -> Path:
    """`fake_cuda.cpp` compiled, once for an environment and its PyTorch, as that takes seconds."""
    compiler, torch = shutil.which("c++"), importlib.util.find_spec("torch")
    if compiler is None or torch is None or torch.origin is None:
        pytest.skip("no C++ compiler or no PyTorch")
    root = Path(torch.origin).parent
    if next((root / "lib").glob("libtorch_cuda*"), None):
        pytest.skip("this PyTorch is built with CUDA and knows its devices itself")
    options = ["-std=c++20", "-O0", "-shared", "-fPIC", f"-I{root / 'include'}", f"-L{root / 'lib'}"]
    options += ["-lc10", "-ltorch_cpu", f"-Wl,-rpath,{root / 'lib'}"]
    source = HERE / "fake_cuda.cpp"
    known = (source.read_text("utf-8"), version("torch"), compiler, *options)
    compiled = _folder() / f"fake_cuda.{hashlib.sha256(repr(known).encode()).hexdigest()[:16]}.so"
    if not compiled.exists():
        with tempfile.TemporaryDirectory(dir=compiled.parent) as unfinished:
            made = Path(unfinished) / compiled.name
            subprocess.run([compiler, source, *options, "-o", str(made)], check=True)
            made.replace(compiled)
    return compiled


def _folder() -> Path:
    """The virtual environment's own folder or, without one that can be written to, one of this session."""
    if sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix)
    folder = Path(tempfile.mkdtemp(prefix="fake_cuda."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
