"""`kg tune`: search the settings within a budget, on validation only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embeddings.training import presets
from kg_platform import console
from kg_platform.cli.options import Json

if TYPE_CHECKING:
    from embeddings.jobs.tuning.report import Tried, Tuned

# Where neither is given: half an hour, or earlier on a small graph.
MINUTES, TRIALS = 30.0, 50


def register(app: typer.Typer) -> None:
    app.command("tune")(tune)


def tune(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder with train.tsv, valid.tsv, test.tsv, as for `kg benchmark`; the "
            "platform's graph if left out."
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help=f"Train this long in all ({MINUTES:g} without --trials).")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help=f"Try this many in all ({TRIALS} without --minutes).")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Interaction; repeat it to choose between several (the preset's)."),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Do not search this setting; may be repeated."),
    ] = None,
    preset: Annotated[str, typer.Option(help=f"Start from: {presets.HELP}")] = "balanced",
    epochs: Annotated[int | None, typer.Option(help="At most this many epochs a trial.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split, the draws and the training.")] = 0,
    label: Annotated[
        list[str] | None, typer.Option(help="Graph: only entities with this label; repeatable.")
    ] = None,
    relationship_type: Annotated[
        list[str] | None, typer.Option(help="Graph: only relationships of this type; repeatable.")
    ] = None,
    text: Annotated[bool, typer.Option("--text/--no-text", help="Use texts.")] = True,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Graph: use pictures.")
    ] = True,
    sounds: Annotated[bool, typer.Option("--sounds/--no-sounds", help="Graph: use sounds.")] = True,
    films: Annotated[bool, typer.Option("--films/--no-films", help="Graph: use films.")] = True,
    top: Annotated[int, typer.Option(min=1, help="Show this many of the best trials.")] = 10,
    as_json: Json = False,
) -> None:
    """Search the settings within a budget. The same command goes on where it was stopped."""
    console.note("Loading the learning libraries ...")
    from embeddings.jobs.tune import TuneOptions, run
    from embeddings.jobs.tuning.search import Budget
    from embeddings.training.options import TrainOptions, preset_options
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    if minutes is None and trials is None:
        minutes, trials = MINUTES, TRIALS
    settings = load()
    fixed: dict[str, Any] = presets.parse(fix or (), TrainOptions)
    if epochs is not None:
        fixed["epochs"] = epochs
    start = {**fixed, "model": model[0]} if model else fixed
    options = TuneOptions(
        budget=Budget(trials, minutes),
        base=preset_options(preset, device=settings.device, seed=seed, **start),
        folder=folder,
        labels=tuple(label or ()),
        relationship_types=tuple(relationship_type or ()),
        text=text,
        pictures=pictures,
        sounds=sounds,
        films=films,
        models=tuple(model or ()),
        fixed=tuple(sorted(fixed)),
    )
    with Platform.open(settings) as platform, console.steps() as report:
        run_id, found = run(platform, options, report, _say)
    if as_json:
        console.print_json({"run": run_id, "seed": seed, **found.as_dict()})
        return
    _show(found, seed, top)
    use = f"kg benchmark {folder}" if folder else "kg embed"
    console.note(f"Every trial: {found.log}\nUse the best: {use} --preset {found.preset}")


def _say(trial: Tried) -> None:
    figure = "" if trial.valid_mrr is None else f"validation MRR {trial.valid_mrr:.4f}, "
    console.note(f"trial {trial.number}: {figure}{trial.state}, {trial.seconds:.1f} s")


def _show(found: Tuned, seed: int, top: int) -> None:
    start = found.trials[0]
    rows = []
    for one in found.ranked()[:top]:
        different = ", ".join(
            f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in one.differences(start).items()
        )
        mrr = "" if one.valid_mrr is None else f"{one.valid_mrr:.4f}"
        shown = different or "the preset" if one.number == 0 else different
        rows.append((one.number, mrr, one.state, one.best_epoch, round(one.seconds, 1), shown))
    title = f"{found.name}, seed {seed}: {len(found.trials)} trials"
    columns = ("trial", "valid MRR", "state", "epoch", "seconds", "settings")
    console.print_table(columns, rows, title=title)
    if found.importance:
        shares = (
            f"{name} {share:.2f}" for name, share in found.importance.items() if share >= 0.01
        )
        console.note("What told the best from the others: " + ", ".join(shares))
