"""The scalars of a run by the names under which TensorBoard and the trackers show them."""

from collections.abc import Sequence

from ..evaluation import Epoch, Evaluation


def epoch_scalars(epoch: Epoch) -> dict[str, float]:
    """The figures of an epoch; those of validation only where it was validated."""
    validation = epoch.validation
    scalars = {
        "loss/train": epoch.train_loss,
        "loss/validation": validation and validation.loss,
        "top-1/validation": validation and validation.top1,
        "learning rate": epoch.learning_rate,
        "images per second": epoch.images_per_second,
        "share waiting for data": epoch.waiting,
    }
    return {name: value for name, value in scalars.items() if value is not None}


def module_scalars(evaluations: Sequence[Evaluation]) -> dict[str, float]:
    """The figures of the written module on each split that it was evaluated on: `module top-1/test`."""
    scalars: dict[str, float] = {}
    for evaluation in evaluations:
        split = evaluation.data.split()[-1]  # the name of the data comes before it
        scalars[f"module top-1/{split}"] = evaluation.top1
        if evaluation.top5 is not None:
            scalars[f"module top-5/{split}"] = evaluation.top5
        scalars[f"module ECE/{split}"] = evaluation.ece
    return scalars
