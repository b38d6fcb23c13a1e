"""TensorBoard event files of a run: scalars after every epoch, images of augmented photos."""

import warnings
from pathlib import Path

from ..errors import MissingExtraError
from ..evaluation import Epoch
from .listener import CaptionedImages, RunListener


class TensorBoard(RunListener):
    """A listener that writes event files into `folder`; view them with `tensorboard --logdir`.

    Raises `MissingExtraError` where TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():  # TensorBoard's own imports warn of their age
            warnings.simplefilter("ignore")
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                raise MissingExtraError(
                    "No curves are written for TensorBoard, which is not installed: pip install tensorboard."
                ) from error
            self._writer = SummaryWriter(folder)

    def images(self, name: str, images: CaptionedImages) -> None:
        for caption, image in images:
            self._writer.add_image(f"{name}/{caption}", image, dataformats="HWC")
        self._writer.flush()

    def epoch(self, epoch: Epoch) -> None:
        scalars = {
            "loss/train": epoch.train_loss,
            "loss/validation": epoch.validation_loss,
            "top-1/validation": epoch.validation_top1,
            "learning rate": epoch.learning_rate,
            "images per second": epoch.images_per_second,
            "share waiting for data": epoch.waiting,
        }
        for name, value in scalars.items():
            if value is not None:
                self._writer.add_scalar(name, value, epoch.epoch)
        self._writer.flush()

    def close(self) -> None:
        """Completes the event file."""
        self._writer.close()
