"""How a training went, epoch by epoch, as its artifact says; nothing that learns is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from embeddings.data.manifest import MANIFEST


@dataclass(frozen=True)
class Curves:
    """Figures of each epoch (`epoch`, `loss`, and `valid_mrr` where it was measured), and the epoch
    whose weights were kept."""

    epochs: tuple[dict[str, float], ...]
    best: int | None


def curves(artifact: Path) -> Curves | None:
    """None where the artifact is not on this machine, or cannot be read."""
    try:
        manifest = json.loads((artifact / MANIFEST).read_text("utf-8"))
        epochs = tuple(dict(each) for each in manifest.get("epochs") or ())
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return Curves(epochs, manifest.get("best_epoch")) if epochs else None
