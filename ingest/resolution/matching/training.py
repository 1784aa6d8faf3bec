"""Learns the model of a type from its entities, without a label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from splink import SettingsCreator

from ingest.resolution.matching.blocks import APART, MOST_PAIRS, BlockRule, block_rule, block_rules
from ingest.resolution.matching.evidence import far_for_a_reason, learnt_evidence
from ingest.resolution.matching.levels import levels_of
from ingest.resolution.matching.rules import BlockTerm, MatchRules, PairComparison
from ingest.resolution.matching.scoring import ScoreModel, linker_of, score
from ingest.resolution.matching.smoothing import smoothed
from ingest.resolution.matching.staging import StagedTable
from ingest.resolution.matching.store import MatchStore
from kg_platform.errors import BadInput
from kg_platform.progress import Progress, silent

RANDOM_PAIRS = 2e6  # of which u is counted
TRAINED_PAIRS = 5e5  # that one training looks at
FEWEST_PAIRS = 30  # of a set that is trained with
TRAININGS = 6
SEED = 1
EVIDENCE = ("vector", "neighbours")  # kinds that say more of what others have said


def train(
    store: MatchStore,
    table: StagedTable,
    rules: MatchRules,
    report: Progress = silent,
    seed: int = SEED,
) -> ScoreModel | None:
    """Learn a model of these entities; None where nothing can be compared. `seed` says which random
    pairs are counted.

    Raises:
        BadInput: every block makes too many pairs.
    """
    notes: list[str] = []
    order = sorted(rules.compare, key=lambda one: one.kind in EVIDENCE)
    used, comparisons = _comparisons(store, table, order, notes)
    said = [i for i, one in enumerate(used) if one.kind not in EVIDENCE] or list(range(len(used)))
    blocks = _usable(block_rules(rules, table, store), notes)
    if not comparisons or not blocks or table.count < 2:
        return None
    apart = _condition(rules)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_plain(comparisons[i]) for i in said],
        blocking_rules_to_generate_predictions=[one.as_splink(apart) for one in blocks],
        probability_two_random_records_match=min(0.5, 1 / table.count),
        unique_id_column_name="n",
        retain_matching_columns=False,
        additional_columns_to_retain=[],
    )
    linker = linker_of(store, table.name, settings)
    report("count random pairs", 0, 1)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=seed)
    report("count random pairs", 1, 1)
    chosen = _training_sets(store, table, [used[i] for i in said], blocks)
    for number, one in enumerate(chosen):
        report("train", number, len(chosen))
        many = TRAINED_PAIRS if one.pairs > TRAINED_PAIRS else None
        before = linker._settings_obj.core_model_settings.copy()  # type: ignore[no-untyped-call]
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                str(
                    one.as_splink(f"{apart}{_named(one, comparisons, table, used)}")[
                        "blocking_rule"
                    ]
                ),
                estimate_without_term_frequencies=True,
                max_pairs=many,
                record_sample_proportion=1.0 if table.count < 100_000 else 0.1,
            )
        except ValueError:  # a probability came too near to nothing
            # Splink has taken the comparisons that this set teaches nothing of out of the model.
            linker._settings_obj.core_model_settings = before
            notes.append(f"nothing could be learnt from pairs that agree in {one.name}")
    report("train", len(chosen), len(chosen))
    learnt = linker.misc.save_model_to_json()
    for comparison in learnt["comparisons"]:
        comparison["comparison_levels"] = smoothed(comparison["comparison_levels"])
    model = ScoreModel(learnt, [used[i].name for i in said], notes, [one.name for one in chosen])
    more = comparisons[len(said) :]
    if not more:
        return model
    report("learn evidence", 0, 1)
    model, pairs = score(store, table, model)
    learnt_more = learnt_evidence(store, table, more, pairs)
    for asked, comparison in zip(used[len(said) :], learnt_more, strict=True):
        made = _plain(comparison)
        levels = smoothed(made["comparison_levels"])
        if asked.kind == "vector":
            levels = far_for_a_reason(levels, comparisons[: len(said)])
        made["comparison_levels"] = levels
        model.settings["comparisons"].append(made)
    report("learn evidence", 1, 1)
    return replace(model, names=[one.name for one in used])


def _named(
    rule: BlockRule,
    comparisons: Sequence[dict[str, Any]],
    table: StagedTable,
    used: Sequence[PairComparison],
) -> str:
    """Conditions that always hold, with the columns of the comparisons that pairs of this set are
    chosen by. Splink leaves out of a training what its rule names: a date is chosen by its text and
    compared as a day, and of days that were chosen to be equal nothing can be learnt."""
    columns = [
        made["evidence_column"]
        for one, made in zip(used, comparisons, strict=True)
        if _chosen_by(rule, one, table)
    ]
    return "".join(f" AND coalesce(l.{c} = r.{c}, true) IN (true, false)" for c in columns)


def _plain(comparison: dict[str, Any]) -> dict[str, Any]:
    """As Splink takes it."""
    return {key: value for key, value in comparison.items() if key != "evidence_column"}


def _comparisons(
    store: MatchStore,
    table: StagedTable,
    compare: Sequence[PairComparison],
    notes: list[str],
) -> tuple[list[PairComparison], list[dict[str, Any]]]:
    used: list[PairComparison] = []
    made: list[dict[str, Any]] = []
    for one in compare:
        found = levels_of(one, len(made), table, store)
        if found is None and one.column in table.empty:
            continue  # whoever decides by the rules says so, of keys and blocks as well
        if found is None:
            notes.append(f"{one.name} is left out: no two of these entities differ in it")
        else:
            used.append(one)
            made.append(found)
    return used, made


def _usable(blocks: Sequence[BlockRule], notes: list[str]) -> list[BlockRule]:
    """Those that do not make too many pairs. Raises: BadInput: all do."""
    kept = [one for one in blocks if one.pairs <= MOST_PAIRS]
    for one in blocks:
        if one.pairs > MOST_PAIRS:
            notes.append(
                f"block [{one.name}] is left out: it makes {one.pairs:,} pairs, more than "
                f"{MOST_PAIRS:,}; add a term"
            )
    if blocks and not kept:
        raise BadInput(f"Nothing can be matched: {'; '.join(notes)}.")
    return [one for one in kept if one.pairs]


def _training_sets(
    store: MatchStore,
    table: StagedTable,
    used: Sequence[PairComparison],
    blocks: Sequence[BlockRule],
) -> list[BlockRule]:
    """Sets of pairs to train with: what two agree in by the choice of the set cannot be learnt
    from it, so each comparison needs a set that was chosen by something else."""
    plain = [one for one in blocks if not one.exploded]
    alone = [
        block_rule(one.column, [BlockTerm(one.column)], table, store)
        for one in used
        if one.column is not None and one.kind != "text"
    ]
    sets: dict[tuple[str, ...], BlockRule] = {}
    for one in sorted([*plain, *alone], key=lambda rule: (-len(rule.keys), rule.pairs)):
        if FEWEST_PAIRS <= one.pairs <= MOST_PAIRS:
            sets.setdefault(one.keys, one)
    chosen: list[BlockRule] = []
    learnt = dict.fromkeys(range(len(used)), 0)
    for one in sets.values():
        teaches = [i for i in learnt if not _chosen_by(one, used[i], table)]
        if any(learnt[i] < 2 for i in teaches) and len(chosen) < TRAININGS:
            chosen.append(one)
            for i in teaches:
                learnt[i] += 1
    return chosen


def _chosen_by(rule: BlockRule, one: PairComparison, table: StagedTable) -> bool:
    """Whether pairs of this set agree in a comparison's column because they are chosen so."""
    if one.column is None:
        return False
    made_of = {f"{letter}{table.at(one.column)}" for letter in "kcdstw"}
    return any(not made_of.isdisjoint(re.findall(r"\w+", key)) for key in rule.keys)


def _condition(rules: MatchRules) -> str:
    return APART if rules.across == "sources" else "l.n <> r.n"
