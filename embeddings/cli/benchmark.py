"""`kg benchmark`: train and rank on a published split in a folder, without a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from embeddings.training import presets
from kg_platform import console
from kg_platform.cli.options import Json


def register(app: typer.Typer) -> None:
    app.command("benchmark")(benchmark)


def benchmark(
    folder: Annotated[
        Path, typer.Argument(help="Folder with train.tsv, valid.tsv, test.tsv (entities.jsonl).")
    ],
    model: Annotated[
        str | None, typer.Option(help="complex, distmult, transe, ... (the preset's: complex).")
    ] = None,
    preset: Annotated[str, typer.Option(help=presets.HELP)] = "balanced",
    seeds: Annotated[int, typer.Option(min=1, help="Train this often: seeds 0, 1, ...")] = 1,
    text: Annotated[
        bool, typer.Option("--text/--no-text", help="Use the texts of entities.jsonl.")
    ] = True,
    dimension: Annotated[int | None, typer.Option(help="Length of an entity's vector.")] = None,
    fusion: Annotated[
        str | None,
        typer.Option(help="How modalities become one: weighted, concat, attention or gated."),
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="1-vs-all, k-vs-all, margin, logistic or self-adversarial.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="At most this many epochs.")] = None,
    batch: Annotated[int | None, typer.Option(help="Queries or triples a step.")] = None,
    lr: Annotated[float | None, typer.Option(help="Step size of Adagrad.")] = None,
    regularisation: Annotated[float | None, typer.Option(help="Weight of the N3 norm.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help=presets.SET_HELP)] = None,
    shuffle_features: Annotated[
        bool,
        typer.Option("--shuffle-features", help="The control: texts dealt out by chance."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Train and rank on a published split. Prints filtered MRR and Hits@k of its test triples."""
    console.note("Loading the learning libraries ...")
    from embeddings.jobs.benchmark import run
    from embeddings.training.options import TrainOptions, preset_options
    from kg_platform.settings import load

    given: dict[str, Any] = {
        "model": model,
        "dimension": dimension,
        "fusion": fusion,
        "loss": loss,
        "epochs": epochs,
        "batch": batch,
        "lr": lr,
        "regularisation": regularisation,
    }
    settings = load()
    chosen = {name: value for name, value in given.items() if value is not None}
    options = preset_options(
        preset,
        **{"device": settings.device, **presets.parse(setting or (), TrainOptions), **chosen},
    )
    with console.steps() as report:
        result = run(
            folder,
            options,
            settings,
            seeds=range(seeds),
            text=text,
            shuffle=shuffle_features,
            on_progress=report,
        )
    for line in result["notes"]:
        console.note(line)
    if as_json:
        console.print_json(result)
        return
    rows = [(name, f"{value:.4f}") for name, value in result["test"].items()]
    console.print_table(("test metric", "value"), rows, title=str(folder))
    console.note(f"{result['seconds']:.1f} s")
