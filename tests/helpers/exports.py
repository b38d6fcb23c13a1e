"""What several tests of exports share."""

import pytest

from inception_hub.bundle import Bundle
from inception_hub.formats import comparison
from inception_hub.formats.options import Options

SIZE = Options(size=(33, 50), batch=2)


def same(converted: Bundle, exported: Bundle) -> bool:
    """Whether weights, labels, image size and preset came back as they were, bit for bit."""
    described = (converted.labels, converted.image_size, converted.resize)
    return (
        converted.architecture == exported.architecture
        and described == (exported.labels, exported.image_size, exported.resize)
        and all(converted.weights[n].tobytes() == array.tobytes() for n, array in exported.weights.items())
    )


def compare_one_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has exports compared with their module on one small image, where what they compute is not the point."""
    monkeypatch.setattr(comparison, "SHAPES", ((1, 32, 32),))
