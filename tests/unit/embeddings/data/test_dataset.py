"""Splits, groups and folders of facts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from embeddings.data.dataset import from_snapshot
from embeddings.data.folder import CHOOSING, from_folder
from embeddings.data.triples import group, with_inverses
from kg_platform.errors import BadInput, NotFound
from tests.support.facts import RELATIONS, draw


class FakeSnapshot:
    def __init__(self, triples: list[tuple[int, int, int]], splits: list[int] | None) -> None:
        self._triples, self._splits = np.array(triples, np.int32).reshape(-1, 3), splits

    def entity_ids(self) -> list[str]:
        return ["a", "b", "c"]

    def relation_types(self) -> list[str]:
        return ["R"]

    def triples(self) -> np.ndarray:
        return self._triples

    def splits(self) -> np.ndarray | None:
        return None if self._splits is None else np.array(self._splits, np.int8)


def rows(triples: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(row) for row in triples.tolist()}


def test_groups_hold_every_fact_in_both_directions_once() -> None:
    triples = draw().train
    groups = group(np.concatenate([triples, triples]), RELATIONS)
    picked, tails = groups.pick(np.arange(len(groups)))
    found = np.stack([groups.heads[picked], groups.relations[picked], tails], 1)
    assert rows(found) == rows(with_inverses(triples, RELATIONS))
    assert len(found) == 2 * len(triples)


@pytest.mark.parametrize("relations", [3, 1 << 52], ids=["one number", "two numbers"])
def test_groups_are_sorted_by_query_and_then_by_tail(relations: int) -> None:
    """Both ways of sorting, against a dictionary; 2^53 queries an entity do not fit in 63 bits."""
    triples = np.concatenate([draw().train, draw().train[:9]])
    tails_of: dict[tuple[int, int], set[int]] = {}
    for head, relation, tail in triples.tolist():
        tails_of.setdefault((head, relation), set()).add(tail)
        tails_of.setdefault((tail, relation + relations), set()).add(head)
    groups = group(triples, relations)
    queries = sorted(tails_of)
    assert list(zip(groups.heads.tolist(), groups.relations.tolist(), strict=True)) == queries
    parts = np.split(groups.tails, groups.offsets[1:-1])
    assert [part.tolist() for part in parts] == [sorted(tails_of[query]) for query in queries]


def test_no_facts_are_no_groups() -> None:
    groups = group(np.zeros((0, 3), np.int64), 3)
    assert (len(groups), len(groups.tails), groups.offsets.tolist()) == (0, 0, [0])
    assert len(groups.lookup(np.array([1]), np.array([2]))[0]) == 0


def test_looking_up_known_tails_is_what_a_search_finds() -> None:
    dataset = draw()
    whole = rows(with_inverses(np.concatenate([dataset.train, dataset.valid, dataset.test]), 3))
    heads, relations = np.arange(40).repeat(6), np.tile(np.arange(6), 40)
    at, tails = dataset.known.lookup(heads, relations)
    found = {(heads[i], relations[i], t) for i, t in zip(at, tails, strict=True)}
    assert found == whole


def test_the_splits_of_a_graph_are_kept_and_unmarked_facts_are_trained_on() -> None:
    facts = [(0, 0, 1), (1, 0, 2), (2, 0, 0), (0, 0, 2)]
    dataset = from_snapshot(FakeSnapshot(facts, [0, 1, 2, -1]), {}, seed=0)  # type: ignore[arg-type]
    assert rows(dataset.train) == {(0, 0, 1), (0, 0, 2)}
    assert rows(dataset.valid) == {(1, 0, 2)}
    assert rows(dataset.test) == {(2, 0, 0)}


def test_a_graph_without_facts_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadInput, match="no facts to train on"):
        from_snapshot(FakeSnapshot([], None), {}, seed=0)  # type: ignore[arg-type]


def test_the_hash_tells_splits_apart() -> None:
    assert draw(0).split_hash == draw(0).split_hash != draw(1).split_hash


def write(folder: Path, **files: str) -> Path:
    for name, text in {"train": "a\tR\tb\n", "valid": "", "test": "", **files}.items():
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_is_read_with_its_header_and_its_further_entities(tmp_path: Path) -> None:
    write(tmp_path, train="head\trelation\ttail\nb\tR\ta\r\n\nc\tQ\tb\n", test="a\tR\tc\n")
    (tmp_path / "entities.jsonl").write_text(json.dumps({"id": "z"}) + "\n")
    dataset = from_folder(tmp_path)
    assert dataset.entity_ids == ["a", "b", "c", "z"]
    assert dataset.relation_types == ["Q", "R"]
    assert rows(dataset.train) == {(1, 1, 0), (2, 0, 1)}
    assert len(dataset.valid) == 0


def test_a_fact_in_two_files_is_held_out(tmp_path: Path) -> None:
    train, valid, test = "a\tR\tb\na\tR\tc\nb\tR\tc\n", "a\tR\tc\nc\tR\ta\n", "b\tR\tc\nc\tR\ta\n"
    write(tmp_path, train=train, valid=valid, test=test)
    dataset = from_folder(tmp_path)
    assert rows(dataset.train) == {(0, 0, 1)}
    assert rows(dataset.valid) == {(0, 0, 2)}
    assert rows(dataset.test) == {(1, 0, 2), (2, 0, 0)}
    assert (dataset.left_out, dataset.summary()["left_out"]) == (3, 3)
    # Where another file chooses the epochs, validation facts are meant to be training facts, too.
    (tmp_path / f"{CHOOSING}.tsv").write_text("a\tR\tb\nb\tR\tc\n")
    assert rows(from_folder(tmp_path).train) == {(0, 0, 1), (0, 0, 2)}
    assert rows(from_folder(tmp_path, CHOOSING).train) == {(0, 0, 1)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.tsv", "relation\thead\ttail\nR\ta\tb\nQ\tb\tc\n"),
        ("train.tsv", "tail\trelation\thead\r\nb\tR\ta\r\nc\tQ\tb\r\n"),
        ("train.tsv", "\ufeff:START_ID\t:END_ID\t:TYPE\ra\tb\tR\rb\tc\tQ"),
        ("Train.TSV", "a \tR\tb\n b\tQ\tc\n"),
        ("train.csv", 'from,to,type\na,b,R\nb,"c",Q\n'),
        ("train.txt", "a\tR\tb\nb\tQ\tc\n"),
        ("train.tsv.gz", "a\tR\tb\nb\tQ\tc\n"),
    ],
)
def test_a_folder_is_read_by_the_rules_of_ingest(tmp_path: Path, name: str, text: str) -> None:
    """Headers in another order, line ends, spaces, other names; facts, never their mirror image."""
    write(tmp_path)
    (tmp_path / "train.tsv").unlink()
    pack = gzip.compress if name.endswith(".gz") else bytes
    (tmp_path / name).write_bytes(pack(text.encode()))
    dataset = from_folder(tmp_path)
    assert dataset.entity_ids == ["a", "b", "c"]
    assert dataset.relation_types == ["Q", "R"]
    assert rows(dataset.train) == {(0, 1, 1), (1, 0, 2)}


def test_what_ingest_would_say_of_the_files_is_said(tmp_path: Path) -> None:
    write(tmp_path, train="relation\thead\ttail\nR\ta\tb\n", test="a \tR\tc\n")
    ordered, spaces = from_folder(tmp_path).notes
    assert ordered.startswith("train.tsv: its first line names the columns relation, head, tail;")
    assert spaces.startswith("Spaces around a field are not read as part of it (first in test.tsv)")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "a", "id": "b"}', "id: the key stands twice in this row"),
        ('{"id": "a", "label": "A", "label": "B"}', "label: the key stands twice in this row"),
        ('{"id": null}', 'an entity needs an "id"'),
        ('{"id": true}', 'an entity needs an "id"'),
        ("{", "the line is not JSON"),
        ("[]", "the line is not a JSON object"),
    ],
)
def test_an_entity_that_ingest_would_not_take_whole_is_named(
    tmp_path: Path, line: str, reason: str
) -> None:
    write(tmp_path)
    (tmp_path / "Entities.jsonl").write_text(f'{{"id": 7}}\n{line}\n')
    with pytest.raises(BadInput, match=f"Entities.jsonl, line 2: {reason}"):
        from_folder(tmp_path)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"train": ""}, "no facts to train on"),
        ({"train": "a\tb\n"}, "line 1: a triple has three columns"),
        ({"valid": "a\tR\tb\na\tR\t\n"}, "line 2: a head, a relation or a tail is empty"),
        ({"train": "source\ttarget\tweight\na\tb\t1\n"}, "none of them is the relation"),
    ],
)
def test_a_malformed_folder_is_refused(
    tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        from_folder(write(tmp_path, **files))


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"train\.tsv is not there"):
        from_folder(tmp_path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "test.tsv").write_bytes(b"a\tR\t\xff\n")
    with pytest.raises(BadInput, match="line 1: the line is not valid UTF-8"):
        from_folder(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.tsv").write_text(f"\ufeffa\tr\t{name}\n", encoding="utf-8")
    assert from_folder(tmp_path).entity_ids == ["a", "test", "train", "valid"]
