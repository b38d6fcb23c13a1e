"""Inference on several machines by Ray: `batch_inference` for folders and buckets, `serving` over HTTP.

Ray schedules the work, moves data and repeats what was lost with a machine; these files only describe the
work to it. A worker takes one core, so that a machine has as many workers as cores.
"""

import os

# Ray reads these when it is imported or started: no usage statistics, no C++ log among our messages.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

CORES = 1  # of a worker
