"""The table of layers made runnable, by OpenVINO and by PyTorch, behind one protocol.

Neither library is loaded before its engine is asked for.
"""

from .engine import ENGINES as ENGINES
from .engine import PRECISIONS as PRECISIONS
from .engine import Engine as Engine
from .engine import EngineName as EngineName
from .engine import EngineOptions as EngineOptions
from .engine import Precision as Precision
from .engine import PrecisionChoice as PrecisionChoice
from .engine import choose_engine as choose_engine
from .engine import load_engine as load_engine
