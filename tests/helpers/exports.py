"""What several tests of exports share."""

from pytest import MonkeyPatch

from inception_hub.bundle import Bundle
from inception_hub.formats import comparison
from inception_hub.formats.options import Options

SIZE = Options(size=(33, 50), batch=2)


def compare_one_shape(patch: MonkeyPatch) -> None:
    """Has exports of any size be compared at one, where a test is not about what they compute."""
    patch.setattr(comparison, "SHAPES", ((2, 33, 50),))


def same(converted: Bundle, exported: Bundle) -> bool:
    """Whether weights, labels, image size and preset came back as they were, bit for bit."""
    described = (converted.labels, converted.image_size, converted.resize)
    return (
        converted.architecture == exported.architecture
        and described == (exported.labels, exported.image_size, exported.resize)
        and all(converted.weights[n].tobytes() == array.tobytes() for n, array in exported.weights.items())
    )
