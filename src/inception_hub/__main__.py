"""`python -m inception_hub`."""

from .cli import main

if __name__ == "__main__":  # processes that `bench` starts import this file, too
    main()
