"""The small module in its variants, and images for it."""

import inception_hub as hub
from helpers.cases import images_from_seed

IMAGES = images_from_seed((2, 64, 64, 3), 0)


def trainable(spec: hub.ModuleSpec, trains: bool, *tags: str) -> hub.Module:
    return hub.Module(spec, trainable=trains, tags=set(tags), engine="torch")
