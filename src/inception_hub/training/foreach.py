"""PyTorch's operators on lists of tensors: one kernel launch for all on a GPU, where each alone would wait.

Underscored in PyTorch, but what its own optimisers are made of (`torch/optim/adamw.py`).
"""

from typing import Any

import torch

_torch: Any = torch
add = _torch._foreach_add
add_ = _torch._foreach_add_
div = _torch._foreach_div
lerp = _torch._foreach_lerp
lerp_ = _torch._foreach_lerp_
mul = _torch._foreach_mul
mul_ = _torch._foreach_mul_
norm = _torch._foreach_norm
sqrt = _torch._foreach_sqrt
sub_ = _torch._foreach_sub_
