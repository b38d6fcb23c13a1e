"""The module directory: plain data in files, read, written, verified and described.

docs/module-format.md describes the directory byte by byte.
"""

from .contents import DEFAULT_IMAGE_SIZE as DEFAULT_IMAGE_SIZE
from .contents import Bundle as Bundle
from .contents import HasBundle as HasBundle
from .contents import Provenance as Provenance
from .manifest import CARD as CARD
from .manifest import CONFIG as CONFIG
from .manifest import LABELS as LABELS
from .manifest import MANIFEST as MANIFEST
from .manifest import MAX_SIDE as MAX_SIDE
from .manifest import WEIGHTS as WEIGHTS
from .manifest import is_bundle as is_bundle
from .manifest import read_manifest as read_manifest
from .manifest import verify as verify
from .memory import images_at_once as images_at_once
from .reading import read as read
from .writing import add_calibration as add_calibration
from .writing import add_int8 as add_int8
from .writing import write as write
