"""Inception V2 as data: one frozen table that every engine, loader and export walks.

The network of `google/imagenet/inception_v2/classification/3`, which is TF-Slim's `inception_v2`
(Ioffe & Szegedy, https://arxiv.org/abs/1502.03167, with a separable stem). Names, channel counts and
initialisers are those of TF-Slim's `nets/inception_v2.py`; variables are named as in its checkpoints.

At `depth_multiplier=1.0` with 1001 classes: 277 variables, 11,199,137 scalars (10,173,112 without the
logits), 1.935 GMAC at 224 x 224. `Mixed_5c` is 7 x 7 x 1024 at 224 x 224 and 10 x 10 x 1024 at 299 x 299.

Standard library only: it knows names and integers, never arrays.
"""

from .layers import Layer as Layer
from .layers import Shape as Shape
from .layers import Variable as Variable
from .layers import same_padding as same_padding
from .network import FEATURE_MAP as FEATURE_MAP
from .network import GLOBAL_POOL as GLOBAL_POOL
from .network import LOGITS as LOGITS
from .network import LOGITS_LAYER as LOGITS_LAYER
from .network import PREDICTIONS as PREDICTIONS
from .network import Architecture as Architecture
from .network import Block as Block
from .table import BATCH_NORM_EPSILON as BATCH_NORM_EPSILON
from .table import BATCH_NORM_MOMENTUM as BATCH_NORM_MOMENTUM
from .table import DROPOUT_RATE as DROPOUT_RATE
from .table import MIN_DEPTH as MIN_DEPTH
from .table import SCOPE as SCOPE
from .table import WEIGHT_DECAY as WEIGHT_DECAY
