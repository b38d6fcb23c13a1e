"""TensorBoard's view of a run: scalars after every epoch, pictures of what augmentation does."""

import warnings
from pathlib import Path

from ..errors import MissingExtraError
from ..evaluation import Epoch
from .listener import Pictures, Watch


class TensorBoard(Watch):
    """Writes event files into `folder`; look at them with `tensorboard --logdir`.

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

    def pictures(self, what: str, pictures: Pictures) -> None:
        for caption, picture in pictures:
            self._writer.add_image(f"{what}/{caption}", picture, dataformats="HWC")
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
