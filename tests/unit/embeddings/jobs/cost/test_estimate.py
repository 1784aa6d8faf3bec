"""A plan's arithmetic, its trials, and how it is held against what came."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.data.contents import Text
from embeddings.features.build import text_features
from embeddings.features.cache import FeatureCache
from embeddings.features.modal import Reading
from embeddings.jobs.cost.estimate import CostPlan, Estimate, Publishing, gib, plan
from embeddings.jobs.cost.plan import compare, figures, sentence, shown
from embeddings.jobs.cost.speed import Encoding, Training, encode, measure_training
from embeddings.jobs.cost.survey import Sample, SplitCounts, Survey
from embeddings.training.options import TrainOptions
from kg_platform.errors import BadInput
from kg_platform.media.store import MediaStore
from kg_platform.modality import IMAGE, TEXT
from tests.support.fake_encoders import FakeText

FACTS = SplitCounts(train=900, valid=50, test=60, relation_types=4, queries=1_310)
OPTIONS = TrainOptions(dimension=8, epochs=7, batch=100, patience=2, validation=30)
TRIED = Training(
    setup=3.0, step=0.5, epoch=0.25, ranking=0.01, grouping=0.001,
    held=1_000_000, memory=2_000_000, scale=1.0,
)  # fmt: skip
ENCODINGS = {
    "text": Encoding(200, 40, 10, 0.02, 6, 1.0),
    "image": Encoding(30, 0, 0, 0.0, 4, 0.5),
}


def sample(*texts: str, entities: int = 100, seconds: float = 2.0) -> Sample:
    own = [
        Text(at, text, hashlib.sha256(text.encode()).hexdigest()) for at, text in enumerate(texts)
    ]
    return Sample(entities, {TEXT.name: own, IMAGE.name: []}, 150, 80.0, seconds)


SURVEY = Survey(500, FACTS, sample())


def made(options: TrainOptions = OPTIONS, tried: Training = TRIED) -> CostPlan:
    return plan(SURVEY, ENCODINGS, tried, options, Publishing(0.0001, 3.0))


def test_each_part_is_how_many_times_how_long() -> None:
    seconds = {name: found.likely for name, found in made().seconds.items()}
    assert seconds["snapshot"] == pytest.approx((500 + 1_010) * 2.0 / (100 + 150))
    # 40 of the sample's texts were missing, 200 of all; 10 have been encoded meanwhile.
    assert made().to_encode == {"text": 190, "image": 0}
    assert seconds["features"] == pytest.approx(190 * 0.02)
    # 1,310 queries by 100 are 14 steps; 30 validation facts are ranked in both directions.
    epoch = 14 * 0.5 + 0.25 + 60 * 0.01
    setup = 3.0 + 2 * 1_010 * 0.001
    assert seconds["training"] == pytest.approx(setup + 7 * epoch)
    assert seconds["ranking"] == pytest.approx(220 * 0.01 + 1_010 * 0.001)
    assert seconds["publishing"] == pytest.approx(500 * (8 + 6 + 0.5 * 4) * 0.0001)
    assert made().total.likely == pytest.approx(sum(seconds.values()))


def test_negative_sampling_steps_over_facts_in_both_directions() -> None:
    sampled = replace(OPTIONS, loss="logistic")
    epoch = 18 * 0.5 + 0.25 + 60 * 0.01
    assert made(sampled).seconds["training"].likely == pytest.approx(3.0 + 2.02 + 7 * epoch)


def test_what_grows_with_the_entities_is_scaled_up_and_members_are_trained_apart() -> None:
    tenth = replace(TRIED, scale=10.0)
    epoch = 14 * 5.0 + (0.25 + 60 * 0.01) * 10
    assert made(tried=tenth).seconds["training"].likely == pytest.approx(32.02 + 7 * epoch)
    sampled = replace(OPTIONS, loss="margin")
    epoch = 18 * 0.5 + (0.25 + 60 * 0.01) * 10  # a step against a few does not grow
    assert made(sampled, tenth).seconds["training"].likely == pytest.approx(32.02 + 7 * epoch)
    once, thrice = made(), made(replace(OPTIONS, members=3))
    assert thrice.seconds["training"].likely == pytest.approx(3 * once.seconds["training"].likely)


def test_the_lower_end_is_where_early_stopping_may_end_training() -> None:
    found = made().seconds["training"]
    epoch = 14 * 0.5 + 0.25 + 60 * 0.01
    assert found.low == pytest.approx((5.02 + 3 * epoch) / 1.4)
    unvalidated = replace(SURVEY, facts=FACTS._replace(valid=0))
    found = plan(unvalidated, ENCODINGS, TRIED, OPTIONS, None).seconds["training"]
    assert found.low == pytest.approx(found.likely / 1.4)


def test_every_estimate_is_a_range_and_memory_holds_tables_and_facts() -> None:
    whole = made()
    for low, likely, high in (*whole.seconds.values(), whole.memory, whole.disk, whole.total):
        assert low <= likely <= high
    table = 4 * 500 * 8
    assert whole.memory.likely == 3_000_000 + 2 * table + 1_010 * 200 + 500 * 150
    assert whole.disk.likely > whole.to_encode["text"] * (32 + 4 * 6) + 6 * table


def test_what_is_not_published_costs_nothing_and_is_not_spoken_of() -> None:
    without = plan(SURVEY, ENCODINGS, TRIED, OPTIONS, None)
    assert "publishing" not in without.seconds
    assert not any("Publishing" in line for line in without.notes)
    assert any("factor of 3" in line for line in made().notes)
    assert without.disk.likely < made().disk.likely


def test_a_plan_is_held_against_what_came() -> None:
    took = {
        "plan": 9.0, "snapshot": 6.04, "text features": 3.0, "picture features": 1.0,
        "train": 70.0, "rank": 3.0, "artifact": 5.0, "publish": 0.4,
    }  # fmt: skip
    offs = compare(made(), took, 6_000_000)
    assert offs["snapshot"].actual / offs["snapshot"].predicted == pytest.approx(0.5)
    assert offs["snapshot"].percent == -50
    assert offs["features"].actual == 4.0
    assert offs["seconds"].actual == pytest.approx(83.44)
    assert offs["memory"] == (made().memory.likely, 6_000_000)
    assert "snapshot 12.1 -> 6.0 s" in sentence(offs)
    assert f"took 83.4 s ({offs['seconds'].percent:+d} %)" in sentence(offs)
    assert figures(offs)["memory"]["actual"] == round(6_000_000 / (1 << 20), 2)
    assert [row[0] for row in shown(made())][-3:] == [
        "all of it", "memory, at the peak", "disk, at most",
    ]  # fmt: skip


def test_sizes_are_for_people() -> None:
    assert (gib(3 << 29), gib(200 << 20)) == ("1.5 GiB", "200 MiB")
    assert Estimate.around(10, 2) == (5, 10, 20)


@pytest.mark.parametrize("options", [OPTIONS, replace(OPTIONS, loss="logistic", negatives=8)])
def test_a_few_real_steps_are_timed(options: TrainOptions) -> None:
    tried = measure_training(40, FACTS, ENCODINGS, options)
    assert 0 < tried.step < 5
    assert 0 < tried.ranking < 1
    assert 0 < tried.grouping < 0.001
    assert tried.epoch > 0
    assert tried.held > 10 << 20
    assert tried.scale == 1


def test_a_large_graph_is_tried_on_fewer_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.jobs.cost.speed.MOST_ENTITIES", 25)
    assert measure_training(100, FACTS, {}, OPTIONS).scale == 4


def test_only_what_is_missing_is_encoded_and_it_is_kept(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(20)]
    encoder = FakeText()
    cache = FeatureCache(tmp_path, encoder)
    text_features(sample(*texts[:8], entities=8), encoder, cache)  # type: ignore[arg-type]
    encoder.asked.clear()
    reading = Reading(MediaStore(str(tmp_path / "media")), 1, 0)
    found = encode(TEXT, sample(*texts, texts[0]), encoder, cache, reading, 5)
    assert (found.contents, found.missing, found.encoded) == (20, 12, 5)
    assert (found.dimension, found.present) == (7, pytest.approx(0.21))
    assert len(encoder.asked) == 5
    assert set(encoder.asked) <= set(texts[8:])
    again = encode(TEXT, sample(*texts), encoder, cache, reading, 100)
    assert (again.missing, again.encoded) == (7, 7)
    none = encode(TEXT, sample(*texts), encoder, cache, reading, 100)
    assert (none.missing, none.encoded, none.seconds) == (0, 0, 0)
    assert len(encoder.asked) == 12


def test_a_device_that_is_not_there_is_said_before_anything_else() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(BadInput, match="no GPU"):
        measure_training(40, FACTS, {}, replace(OPTIONS, device="cuda"))
