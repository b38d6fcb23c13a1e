"""How good a module is on labelled images: numbers, comparisons, plots and a page to read.

Plots need matplotlib, loaded when they are drawn; without it the page has none. The rest is NumPy.
"""

from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .history import Epoch as Epoch
from .match import match_labels as match_labels
from .metrics import Bin as Bin
from .metrics import ClassScore as ClassScore
from .metrics import Evaluation as Evaluation
from .report import Report as Report
from .report import render as render
from .svg import without_plots as without_plots

__all__ = [
    "Bin",
    "ClassScore",
    "Comparison",
    "Epoch",
    "Evaluation",
    "Report",
    "compare",
    "match_labels",
    "render",
    "without_plots",
]
