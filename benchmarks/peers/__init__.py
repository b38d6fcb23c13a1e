"""The other ways to run this network, each a small program and an environment of its own; see compare.py."""
