"""TensorBoard logs of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FLUSHED = 3  # seconds

Log = Callable[[dict[str, float], int, float], None]


@contextmanager
def logs(folder: Path, done: int) -> Iterator[Log]:
    """TensorBoard logs. Epochs that a killed process logged but did not keep are purged."""
    from torch.utils.tensorboard.writer import SummaryWriter

    # Who looks on while it goes on is not two minutes behind.
    writer = SummaryWriter(str(folder / "tensorboard"), purge_step=done + 1, flush_secs=FLUSHED)

    def log(row: dict[str, float], epoch: int, lr: float) -> None:
        writer.add_scalar("train/loss", row["loss"], epoch)
        writer.add_scalar("train/learning rate", lr, epoch)
        writer.add_scalar("train/seconds", row["seconds"], epoch)
        if "valid_mrr" in row:
            writer.add_scalar("valid/mrr", row["valid_mrr"], epoch)

    try:
        yield log
    finally:
        writer.close()
