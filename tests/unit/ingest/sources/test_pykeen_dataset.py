from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ingest.mapping.choose import open_any
from ingest.sources.pykeen_dataset import PykeenSource
from kg_platform.errors import BadInput, Unavailable
from kg_platform.records import Entity, Relation


def test_a_dataset_that_pykeen_ships() -> None:
    source = open_any(Path("pykeen:Nations"))
    records = list(source.records())
    entities = [one for one in records if isinstance(one, Entity)]
    facts = [one for one in records if isinstance(one, Relation)]
    assert (source.name, len(entities), source.count()) == ("nations", 14, 14 + 1592 + 199 + 201)
    assert Counter(fact.properties["split"] for fact in facts) == {
        "train": 1592, "valid": 199, "test": 201,
    }  # fmt: skip
    assert records.index(facts[0]) == 14, "entities come first"
    assert facts[0].properties == {"split": "test"}, "and held-out facts before the others"
    assert {fact.head for fact in facts} <= {one.id for one in entities}
    assert any(fact.type == "embassy" for fact in facts)


def test_a_name_that_is_none_says_what_is_close() -> None:
    with pytest.raises(BadInput, match=r"no dataset 'nation'; close to it are nations"):
        open_any(Path("pykeen:nation"))


def test_what_cannot_be_fetched_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    source = PykeenSource("nations")

    def refused() -> None:
        raise OSError("no route")

    monkeypatch.setattr(source, "_class", lambda: type("D", (), {"training": property(
        lambda _: refused())})())  # fmt: skip
    with pytest.raises(Unavailable, match="cannot fetch the dataset nations"):
        source.count()
