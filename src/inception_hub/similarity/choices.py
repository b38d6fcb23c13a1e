"""Defaults of `similar`; the command line imports them without what computes."""

TOP = 10  # photos of each query
