"""Choices and defaults of `organise`; the command line imports them without the rest."""

from typing import Literal

How = Literal["copy", "link", "move"]
LEAST = 0.5  # probability of the best class
