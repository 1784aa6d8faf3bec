"""A map as the graph is now: who came stands amid its nearest, who went is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.answers.maps.projection import PLACED_BY
from embeddings.answers.maps.since import Arrival, among, as_of_now
from embeddings.answers.maps.stored import StoredMap
from embeddings.data.artifact import open_artifact
from tests.support.maps_by_hand import add_map

IDS = [f"E{i:02d}" for i in range(20)]


@pytest.fixture
def found(tmp_path: Path) -> StoredMap:
    """Twelve of twenty entities have a point; vectors lie along a quarter of a circle."""
    angle = np.linspace(0, np.pi / 2, len(IDS))
    numbers = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1).astype("f4")
    return add_map(tmp_path, IDS, points=12, numbers=numbers)


def test_at_the_mean_of_its_nearest(tmp_path: Path, found: StoredMap) -> None:
    mine = np.array([[3, 0, 0], [0, 0.1, 0]], "f4")  # as the first, and as the last with a point
    points = among(found, open_artifact(tmp_path / "run-1", verify=False), mine)
    assert points.shape == (2, 2)
    assert points[0] == pytest.approx(found.points[:PLACED_BY].mean(0), abs=1e-6)
    assert points[1] == pytest.approx(found.points[-PLACED_BY:].mean(0), abs=1e-6)


def test_who_came_and_who_went(found: StoredMap) -> None:
    gone = np.zeros(len(IDS), bool)
    gone[[2, 15]] = True  # the second of them was on no map
    x, y = found.points[11].tolist()
    came = [Arrival("N1", (x, y), "Country", "atlas"), Arrival("N2", (x, y), "Ship", None)]
    now = as_of_now(found, gone, came, len(IDS))
    assert now.count == 13
    assert now.rows.tolist() == [0, 1, *range(3, 12), 20, 21]
    assert np.array_equal(now.points[:11], np.delete(found.points, 2, 0))
    assert now.points[-1].tolist() == [x, y]
    assert now.codes["cluster"][-2:].tolist() == [1, 1]  # as who stands there
    assert [now.names["type"][code] for code in now.codes["type"][-2:]] == ["Country", "Ship"]
    assert now.codes["source"][-2:].tolist() == [0, -1]
    assert np.isnan(now.measures["error"][-2:]).all()
    assert found.names["type"] == ["Country", "Thing"]  # the map itself is as it was
    assert {len(each) for each in (*now.codes.values(), *now.measures.values())} == {13}
