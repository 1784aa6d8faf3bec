"""Two runs' answers from their artifacts, against a plain computation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.answers import two_runs as module
from embeddings.answers.two_runs import two_runs
from kg_platform.errors import BadInput, NotFound
from tests.support.fake_artifact import FakeArtifact, Floats

IDS = [f"E{i:02d}" for i in range(30)]


class OnDisk(FakeArtifact):
    """What else is asked of one that was opened."""

    def pick(self, name: str, rows: list[int]) -> Floats:
        return self.rows(name, 0, len(IDS))[rows]


@pytest.fixture
def vectors(monkeypatch: pytest.MonkeyPatch) -> dict[str, Floats]:
    random = np.random.default_rng(0)
    kept = {run: random.standard_normal((len(IDS), 6)).astype(np.float32) for run in ("old", "new")}
    kept["new"][5] = 0

    def opened(folder: Path, verify: bool) -> OnDisk:
        if folder.name not in kept:
            raise NotFound(f"There is no artifact at {folder}; `kg runs` lists the runs.")
        return OnDisk(IDS, {"embedding": kept[folder.name]})

    monkeypatch.setattr(module, "open_artifact", opened)
    monkeypatch.setattr(
        module, "entity_rows", lambda one: {name: row for row, name in enumerate(IDS)}
    )
    monkeypatch.setattr(module, "ROWS", 7)
    return kept


def exactly(rows: Floats, mine: int) -> list[str]:
    scores = rows @ rows[mine] / np.maximum(np.linalg.norm(rows, axis=1), 1e-9)
    order = sorted(range(len(rows)), key=lambda i: -scores[i])
    return [IDS[i] for i in order if i != mine and rows[i].any()]


def test_both_answers_and_where_each_is_in_the_other(
    vectors: dict[str, Floats], tmp_path: Path
) -> None:
    found = two_runs(tmp_path, "E03", ("old", "new"), k=8)
    before, after = exactly(vectors["old"], 3)[:8], exactly(vectors["new"], 3)[:8]
    assert [one.id for one in found.one] == before
    assert [one.id for one in found.other] == after
    assert found.kept == len(set(before) & set(after))
    for one in found.one:
        assert one.elsewhere == (after.index(one.id) + 1 if one.id in after else None)
    everybody = two_runs(tmp_path, "E03", ("old", "new"), k=500)
    assert (len(everybody.one), len(everybody.other)) == (29, 28)


def test_what_cannot_be_compared(vectors: dict[str, Floats], tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="trained without the entity nobody"):
        two_runs(tmp_path, "nobody", ("old", "new"))
    with pytest.raises(NotFound, match="E05 has no embedding in the run new"):
        two_runs(tmp_path, "E05", ("old", "new"))
    with pytest.raises(NotFound, match="There is no artifact"):
        two_runs(tmp_path, "E03", ("old", "gone"))
    for name in ("", "..", "../old", "a/b"):
        with pytest.raises(NotFound, match="There is no run"):
            two_runs(tmp_path, "E03", (name, "new"))
    with pytest.raises(BadInput, match="compare by"):
        two_runs(tmp_path, "E03", ("old", "new"), by="smell")
    with pytest.raises(BadInput, match="1 to"):
        two_runs(tmp_path, "E03", ("old", "new"), k=0)
