"""Recipes as data: everything a training run needs to know besides its images and its seed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """Some epochs at one image size: small ones first, where they are cheap."""

    epochs: int
    size: int  # px
    min_area: float  # smallest share of the photo that a training crop covers


@dataclass(frozen=True)
class Recipe:
    """A run from scratch. Rates are per step; the schedule is a linear warm-up, then a cosine to zero."""

    phases: tuple[Phase, ...]
    image_size: int  # the module's default image size, px
    batch_size: int
    learning_rate: float  # of Muon, on the convolution kernels
    head_learning_rate: float  # of AdamW, on logits, stem, biases and betas
    weight_decay: float  # decoupled, on kernels only
    warmup: float  # share of all steps
    label_smoothing: float
    batch_norm_momentum: float

    @property
    def epochs(self) -> list[Phase]:
        """The phase of each epoch."""
        return [phase for phase in self.phases for _ in range(phase.epochs)]


RECIPES = {
    # The bundled module. 60,000 images of 64 x 64, two CPU cores: see docs/log.md.
    "tiny-imagenet": Recipe(
        # The last phase trains on crops as large as those the module will see: see docs/log.md.
        phases=(
            Phase(3, 32, 0.4),
            Phase(1, 40, 0.4),
            Phase(8, 48, 0.4),
            Phase(2, 64, 0.4),
            Phase(2, 64, 0.6),
        ),
        image_size=64,
        batch_size=256,
        learning_rate=3e-3,
        head_learning_rate=2e-3,
        weight_decay=0.05,
        warmup=0.05,
        label_smoothing=0.1,
        batch_norm_momentum=0.99,
    ),
}
