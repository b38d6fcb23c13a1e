"""timm imports torchvision, whose compiled operators do not fit every build of PyTorch."""

import torch

LIBRARIES: list[torch.library.Library] = []  # an operator lives as long as its library


def declare() -> None:
    """Declares the two operators that torchvision describes at its import, where its own do not fit.

    That is enough for the import; the network uses none of them.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        LIBRARIES.append(library)
