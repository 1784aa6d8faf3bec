"""Curves of a training come from its manifest; without one there are none."""

from __future__ import annotations

import json
from pathlib import Path

from embeddings.data.curves import Curves, curves


def test_from_a_manifest(tmp_path: Path) -> None:
    epochs = [{"epoch": 1.0, "loss": 2.0}, {"epoch": 2.0, "loss": 1.0, "valid_mrr": 0.5}]
    (tmp_path / "manifest.json").write_text(json.dumps({"epochs": epochs, "best_epoch": 2}))
    assert curves(tmp_path) == Curves(tuple(epochs), 2)


def test_none_where_it_cannot_be_read(tmp_path: Path) -> None:
    assert curves(tmp_path) is None
    (tmp_path / "manifest.json").write_text("[1")
    assert curves(tmp_path) is None
