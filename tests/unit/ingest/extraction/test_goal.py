"""The goal on sentences that the patterns were not chosen by: few of the many that bench reads."""

from __future__ import annotations

from bench.extraction import measure, pattern_model
from bench.extraction_sentences import part_of, sentences_of, templates
from ingest.sources.demo.world import build, countries, read_names


def test_the_halves_share_no_template() -> None:
    choose = {one.text for one in part_of("choose")}
    report = {one.text for one in part_of("report")}
    assert choose.isdisjoint(report)
    assert len(choose | report) == len(templates()) == 116


def test_precision_and_recall_of_what_prose_states() -> None:
    world = build(countries(), read_names())
    entities, relations = measure(pattern_model(world), sentences_of(world, "report", 250, seed=7))
    assert relations.figures()["precision"] >= 0.95
    assert relations.figures()["recall"] >= 0.7
    assert entities.figures()["f1"] >= 0.95
