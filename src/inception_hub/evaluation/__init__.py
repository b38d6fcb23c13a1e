"""Measures a module on labelled images: metrics, comparisons of two modules, and a report with plots.

Plots need matplotlib, which is loaded when they are drawn; without it a report has none.
"""

from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .history import Candidate as Candidate
from .history import Epoch as Epoch
from .history import Score as Score
from .history import Selection as Selection
from .intervals import Interval as Interval
from .intervals import wilson as wilson
from .match import match_labels as match_labels
from .metrics import Evaluation as Evaluation
from .report import Report as Report
from .report import render as render
from .svg import without_plots as without_plots
