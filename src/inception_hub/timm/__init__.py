"""Importing this registers `inception_v2` with timm: `timm.create_model("inception_v2")`, and what `export`
wrote for timm, by `timm.create_model("local-dir:PATH", pretrained=True)`.

Raises `MissingExtraError` where timm or PyTorch is missing or broken.
"""

from ..formats.timm import register

register()
