"""The settings of augmentation: how strongly training photos are distorted, and how many of them."""

from dataclasses import dataclass

from ..errors import ArgumentError
from .ranges import check_ranges


@dataclass(frozen=True)
class Augmentation:
    """The distortions of training photos; the defaults are Slim's distorted crop without colour.

    Shares are from 0 to 1; those of `cutmix` and `mixup` are together at most 1.

    Raises `ArgumentError` for a value outside its range.
    """

    min_area: float = 0.4  # smallest share of the photo that a crop covers, 0.01 to 1
    max_aspect: float = 4 / 3  # longest to shortest side of a crop, either way, 1 to 10
    mirror: float = 0.5  # share of photos mirrored
    rotation: float = 0.0  # degrees, up to, either way, 0 to 180
    rotated: float = 1.0  # share of photos rotated
    shear: float = 0.0  # tangent of the angle that upright lines lean by, up to, either way, 0 to 1
    sheared: float = 1.0  # share of photos sheared
    sharpness: float = 0.0  # sharpened up to this much, softened up to half as much, 0 to 2
    sharpened: float = 1.0  # share of photos sharpened or softened
    colour: float = 0.0  # brightness, contrast and saturation change by up to this share, 0 to 1
    cutmix: float = 0.0  # share of photos that get a rectangle of another
    mixup: float = 0.0  # share of photos blended with another; none gets both

    def __post_init__(self) -> None:
        shares = ("mirror", "rotated", "sheared", "sharpened", "colour", "cutmix", "mixup")
        check_ranges(
            self,
            min_area=(0.01, 1),
            max_aspect=(1, 10),
            rotation=(0, 180),
            shear=(0, 1),
            sharpness=(0, 2),
            **dict.fromkeys(shares, (0, 1)),
        )
        if self.cutmix + self.mixup > 1:
            raise ArgumentError(
                f"cutmix and mixup are {self.cutmix:g} and {self.mixup:g}; a photo gets one or the other, "
                "so give shares that are together at most 1."
            )

    @property
    def mixes(self) -> bool:
        """Whether any photo is mixed with another."""
        return self.cutmix + self.mixup > 0

    def describe(self) -> str:
        """The distortions in one line, for reports and cards."""
        parts = [f"crops of {self.min_area:.0%} of the area and up", f"{self.mirror:.0%} mirrored"]
        if self.rotation and self.rotated:
            parts.append(f"{self.rotated:.0%} rotated by up to ±{self.rotation:g}°")
        if self.shear and self.sheared:
            parts.append(f"{self.sheared:.0%} sheared by up to ±{self.shear:g}")
        if self.sharpness and self.sharpened:
            parts.append(
                f"{self.sharpened:.0%} sharpened by up to {self.sharpness:g} or softened by up to "
                f"{self.sharpness / 2:g}"
            )
        if self.colour:
            parts.append(f"brightness, contrast, saturation up to ±{self.colour:.0%}")
        if self.cutmix:
            parts.append(f"CutMix in {self.cutmix:.0%}")
        if self.mixup:
            parts.append(f"mixup in {self.mixup:.0%}")
        return ", ".join(parts)
