"""What a module knows of its own errors: sets of classes with a coverage, and photos unlike any it learned.

NumPy alone; docs/unknown.md says what is guaranteed and what is not.
"""

from .calibration import KNOWN as KNOWN
from .calibration import MOST_HELD_OUT as MOST_HELD_OUT
from .calibration import Arrays as Arrays
from .calibration import Calibration as Calibration
from .calibration import Outputs as Outputs
from .calibration import PredictionSets as PredictionSets
from .calibration import check as check
from .calibration import fit as fit
from .chance import chance as chance
from .conformal import check_coverage as check_coverage
from .conformal import photos_needed as photos_needed
