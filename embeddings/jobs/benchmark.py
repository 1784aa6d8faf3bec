"""Train and rank on a published split in a folder, without a graph, with the same code.

`train_less_valid.tsv` in the folder says that `valid.tsv` is carved from `train.tsv`: the number of
epochs is then chosen with training on `train_less_valid.tsv`, and the reported figure comes from
training that many epochs on `train.tsv`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from embeddings.data.contents import Text, text_hash
from embeddings.data.dataset import Dataset
from embeddings.data.export import compose
from embeddings.data.folder import CHOOSING, choosing_file, entity_rows, from_folder
from embeddings.evaluation.breakdown import rank_in_parts
from embeddings.evaluation.held_out import held_out
from embeddings.evaluation.ranking import rank
from embeddings.features.build import text_features
from embeddings.features.cache import FeatureCache
from embeddings.features.encoders.load import load_text_encoder
from embeddings.features.shuffle import shuffled
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, train
from kg_platform.errors import BadInput
from kg_platform.modality import TEXT
from kg_platform.progress import Progress, silent
from kg_platform.runs.held_out import caveat
from kg_platform.settings import Settings


def run(
    folder: Path,
    options: TrainOptions,
    settings: Settings,
    *,
    seeds: Iterable[int] = (0,),
    text: bool = True,
    shuffle: bool = False,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Train and rank for every seed; figures are means over seeds, `seeds` has each one's.

    `shuffle` deals the features out by chance, another way for each seed: the control.

    Raises:
        NotFound: the folder or one of its files is missing.
        BadInput: a file is malformed, or a split has nothing to rank.
    """
    report = on_progress or silent
    begun = time.perf_counter()
    dataset, choosing = load(folder, settings, text=text, on_progress=report)
    if len(dataset.test) == 0:
        raise BadInput(f"{folder / 'test.tsv'} has no facts, so there is nothing to report.")
    found = []
    for seed in seeds:
        whole, smaller = dataset, choosing
        if shuffle:
            whole, smaller = _shuffled(whole, seed), smaller and _shuffled(smaller, seed)
        found.append(run_seed(whole, smaller, replace(options, seed=seed), report))
    splits = [split for split in ("valid", "test") if split in found[0]]
    counts = held_out(dataset).as_dict()
    notes = {line for one in found for line in one.pop("notes")}
    return {
        **{split: _means([one[split] for one in found]) for split in splits},
        "seconds": round(time.perf_counter() - begun, 2),
        "seeds": found,
        "dataset": dataset.summary(),
        "held_out": counts,
        "notes": [
            *dataset.notes,
            *_left_out(dataset),
            *filter(None, [caveat(counts, "given")]),
            *sorted(notes),
        ],
    }


def _left_out(dataset: Dataset) -> Iterator[str]:
    """What the files said twice, as a sentence."""
    if dataset.left_out:
        yield (
            f"{dataset.left_out:,} facts stand in two of train.tsv, valid.tsv and test.tsv: they "
            "were held out (test before valid) and not trained on."
        )


def load(
    folder: Path, settings: Settings, *, text: bool, on_progress: Progress
) -> tuple[Dataset, Dataset | None]:
    """The dataset of a folder, with its texts as features; the one to choose on, if it is another.

    Raises:
        NotFound: the folder or one of its files is missing.
        BadInput: a file is malformed.
    """
    dataset = from_folder(folder)
    if text:
        dataset = with_texts(folder, dataset, settings, on_progress)
    return dataset, _choosing(folder, dataset)


def run_seed(
    dataset: Dataset, choosing: Dataset | None, options: TrainOptions, report: Progress
) -> dict[str, Any]:
    """Train and rank once: validation as it was when choosing, test on the final vectors."""
    begun = time.perf_counter()
    trained = _train(choosing or dataset, options, report)
    found: dict[str, Any] = {}
    notes = trained.notes  # of the training that chose: the other is meant to have no validation
    if len(dataset.valid):
        found["valid"] = rank(trained, choosing or dataset, "valid").as_dict()
    if choosing is not None:
        # All of train now, for as many epochs as were best; its validation facts are known to it.
        again = replace(dataset, valid=np.empty((0, 3), np.int64))
        trained = _train(again, replace(options, epochs=trained.best_epoch), report)
        parts = rank_in_parts(trained, again, "test")
    else:
        parts = rank_in_parts(trained, dataset, "test")
    return {
        "seed": options.seed,
        **found,
        "test": parts.overall.as_dict(),
        "breakdown": parts.as_dict(),
        "best_epoch": trained.best_epoch,
        "epochs": len(trained.history),
        "seconds": round(time.perf_counter() - begun, 2),
        "notes": notes,
    }


def _shuffled(dataset: Dataset, seed: int) -> Dataset:
    features = {name: shuffled(each, seed) for name, each in dataset.features.items()}
    return replace(dataset, features=features)


class FolderTexts:
    """The texts of a folder's `entities.jsonl`, as `text_features` reads them from a snapshot."""

    def __init__(self, folder: Path, entity_ids: list[str]) -> None:
        place = {name: position for position, name in enumerate(entity_ids)}
        texts = {
            place[row["id"]]: compose(
                {
                    "label": row.get("label"),
                    "description": row.get("description"),
                    "texts": [row.get("caption")],
                    "captions": [],
                }
            )
            for row in entity_rows(folder)
        }
        self._texts = [
            Text(at, text, text_hash(text)) for at in sorted(texts) for text in texts[at]
        ]
        self.size = len(entity_ids)

    def __len__(self) -> int:
        return len(self._texts)

    def texts(self) -> Iterator[Text]:
        yield from self._texts


def with_texts(folder: Path, dataset: Dataset, settings: Settings, report: Progress) -> Dataset:
    """The dataset with features of the folder's texts, where it has any, and what they lack."""
    texts = FolderTexts(folder, dataset.entity_ids)
    if not len(texts):
        return dataset
    encoder = load_text_encoder(settings.text_encoder, settings.device)
    cache = FeatureCache(settings.features_dir, encoder)
    features, summary = text_features(
        texts, encoder, cache, lambda done, total: report("texts", done, total)
    )
    return replace(dataset, features={TEXT.name: features}, notes=(*dataset.notes, *summary.notes))


def _train(dataset: Dataset, options: TrainOptions, report: Progress) -> Trained:
    with tempfile.TemporaryDirectory(prefix="kg-benchmark-") as folder:
        return train(
            dataset, options, Path(folder), lambda done, total: report("train", done, total)
        )


def _choosing(folder: Path, dataset: Dataset) -> Dataset | None:
    """The dataset to choose on, where the folder has one of its own; same ids as `dataset`."""
    if choosing_file(folder) is None:
        return None
    smaller = from_folder(folder, CHOOSING)
    if smaller.relation_types != dataset.relation_types or smaller.entity_ids != dataset.entity_ids:
        raise BadInput(
            f"{CHOOSING}.tsv and valid.tsv name other entities or relations than train.tsv; "
            "together they should be train.tsv."
        )
    return replace(smaller, features=dataset.features)


def _means(rows: list[Mapping[str, float]]) -> dict[str, float]:
    return {name: mean(row[name] for row in rows) for name in rows[0]}
