"""Where things lie that tests read."""

from pathlib import Path

import inception_hub

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
RECORDED = TESTS / "recorded"  # what the original answered, and files that TensorFlow wrote
DOCS = ROOT / "docs"
BENCHMARKS = ROOT / "benchmarks"
SOURCE = Path(inception_hub.__file__).resolve().parent
BUNDLED = SOURCE / "resources" / "modules" / "tiny_imagenet"
SHARED = ROOT.parent / "shared"  # beside the checkout, on some machines only
GOLDEN = SHARED / "golden"
