"""`python -m inception_hub`."""

from .cli import main

main()
