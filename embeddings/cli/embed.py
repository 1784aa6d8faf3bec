"""`kg embed`, `kg publish`, `kg gate` and `kg rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from embeddings.training import presets
from kg_platform import console
from kg_platform.errors import BadInput
from kg_platform.runs.figures import flattened
from kg_platform.settings import load

if TYPE_CHECKING:  # loading what plans are made of takes seconds
    from embeddings.jobs.cost.estimate import Plan
    from embeddings.publish.gate.decision import Force as Forced
    from embeddings.publish.publish import PublishSummary

Force = Annotated[
    bool, typer.Option("--force", help="Publish although the gate refuses; needs --why.")
]
Why = Annotated[str | None, typer.Option(help="Why it is forced; written down with your name.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    app.command("embed")(embed)
    app.command("publish")(publish)
    app.command("gate")(gate)
    app.command("rollback")(rollback)


def embed(
    label: Annotated[
        list[str] | None, typer.Option(help="Only entities with this label; may be repeated.")
    ] = None,
    relationship_type: Annotated[
        list[str] | None, typer.Option(help="Only relationships of this type; may be repeated.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="complex, distmult, transe, ... (the preset's: complex).")
    ] = None,
    dimension: Annotated[
        int | None, typer.Option(help="Length of the published vector (real numbers).")
    ] = None,
    fusion: Annotated[
        str | None,
        typer.Option(help="How modalities become one: weighted, concat, attention or gated."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help="1-vs-all, k-vs-all, margin, logistic or self-adversarial."),
    ] = None,
    preset: Annotated[str, typer.Option(help=presets.HELP)] = "balanced",
    epochs: Annotated[int | None, typer.Option(help="At most this many epochs.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help=presets.SET_HELP)] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split, the start and the order.")] = 0,
    text: Annotated[bool, typer.Option(help="Use texts.")] = True,
    pictures: Annotated[bool, typer.Option(help="Use pictures.")] = True,
    publish_vectors: Annotated[
        bool, typer.Option("--publish/--no-publish", help="Write the vectors into the graph.")
    ] = True,
    warm: Annotated[
        bool,
        typer.Option("--warm/--cold", help="Go on from the live run's weights, or begin anew."),
    ] = True,
    force: Force = False,
    why: Why = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say what it will cost: time, memory, disk.")
    ] = False,
    new_only: Annotated[
        bool,
        typer.Option(
            "--new-only",
            help="No training: vectors for entities that are new, or have changed, since the run.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Train multimodal vectors for the graph and publish them."""
    console.note("Loading the learning libraries ...")
    if new_only:
        from embeddings.cli.new import run_new

        run_new(
            {
                "--label": label,
                "--relationship-type": relationship_type,
                "--model": model,
                "--dimension": dimension,
                "--fusion": fusion,
                "--loss": loss,
                "--preset": preset != "balanced",
                "--epochs": epochs,
                "--set": setting,
                "--seed": seed,
                "--no-text": not text,
                "--no-pictures": not pictures,
                "--no-publish": not publish_vectors,
                "--plan": plan,
                "--cold": not warm,
                "--force": force,
                "--why": why,
            },
            as_json,
        )
        return
    from embeddings.jobs.embed import embed as run_job
    from embeddings.jobs.embed import plan_run
    from embeddings.jobs.embed_options import embed_options
    from kg_platform.platform import Platform

    settings = load()
    options = embed_options(
        {
            "label": label,
            "relationship_type": relationship_type,
            "model": model,
            "dimension": dimension,
            "fusion": fusion,
            "loss": loss,
            "preset": preset,
            "epochs": epochs,
            "setting": setting,
            "seed": seed,
            "text": text,
            "pictures": pictures,
            "warm": warm,
        },
        settings.device,
    )
    if plan:
        with Platform.open(settings) as platform, console.steps() as report:
            made = plan_run(platform, options, publish_vectors=publish_vectors, on_progress=report)
        _show_plan(made, as_json)
        return
    forced = forcing(force, why)
    with Platform.open(settings) as platform, console.steps() as report:
        result = run_job(
            platform, options, publish_vectors=publish_vectors, force=forced, on_progress=report
        )
    for line in result.notes:
        console.note(line)
    if as_json:
        console.print_json(
            {
                "run": result.run_id,
                "artifact": str(result.artifact.folder),
                "metrics": dict(result.metrics),
                "seconds": dict(result.seconds),
                "published": result.published.as_dict() if result.published else None,
            }
        )
        return
    rows = [(name, f"{value:.4f}") for name, value in result.metrics.items()]
    timings = [(name, f"{value:.1f}") for name, value in result.seconds.items()]
    console.print_table(("step", "seconds"), timings, title=f"Run {result.run_id}")
    if rows:
        console.print_table(("metric", "value"), rows)
    else:
        console.note("There are too few facts to hold some out, so nothing could be measured.")
    if result.published is None:
        console.note(f"Not published. `kg publish {result.run_id}` does it.")
    else:
        console.note(f"Published {result.published.entities:,} entities. Try `kg similar <id>`.")


def _show_plan(made: Plan, as_json: bool) -> None:
    from embeddings.jobs.cost.plan import shown

    if as_json:
        console.print_json(made.as_dict())
        return
    encode = ", ".join(f"{count:,} of {name}" for name, count in made.to_encode.items())
    title = (
        f"{made.entities:,} entities, {made.triples:,} triples; to encode: {encode or 'nothing'}"
    )
    console.print_table(("what", "likely", "from - to"), shown(made), title=title)
    for line in made.notes:
        console.note(line)


def publish(
    run: Annotated[
        str | None,
        typer.Argument(help="Embedding run; the latest one with an artifact if left out."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish the publish that stands half-way.")
    ] = False,
    force: Force = False,
    why: Why = None,
    as_json: Json = False,
) -> None:
    """Write a run's vectors into the graph. A publish that was killed goes on where it stopped."""
    forced = forcing(force, why)
    if resume and forced:
        raise BadInput("A publish that stands half-way passed the gate; leave --force out.")
    if run and resume:
        raise BadInput("Give a run or --resume: the publish that stands half-way has its own run.")
    from embeddings.jobs.publish import publish_run, resume_publish
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform, console.steps() as report:
        if resume:
            done = resume_publish(platform, report)
        else:
            done = publish_run(platform, run, forced, report)
    _show_published(done, as_json)


def gate(
    run: Annotated[
        str | None,
        typer.Argument(help="Embedding run; the latest one with an artifact if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask whether a run may go live.

    It is compared with the one that is; nothing is changed.
    """
    from embeddings.jobs.publish import gate_run
    from embeddings.publish.gate.decision import refusal
    from embeddings.publish.gate.verdict import described
    from kg_platform.errors import GateRefused
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        verdict = gate_run(platform, run)
    if as_json:
        console.print_json(verdict.as_dict())
    else:
        against = f"beside {verdict.live}" if verdict.live else verdict.alone
        title = f"Run {verdict.run}, {against}"
        console.print_table(("check", "", "found"), described(verdict.as_dict()), title=title)
    if not verdict.passed:
        raise GateRefused(refusal(verdict))


def forcing(force: bool, why: str | None) -> Forced | None:
    """Who forces and why; None: nobody does.

    Raises:
        BadInput: one of --force and --why is without the other.
    """
    if not force and why is None:
        return None
    if not (force and why and why.strip()):
        raise BadInput('Give --force and --why "..." together: it is written down who and why.')
    from embeddings.publish.gate.decision import Force as Forced
    from kg_platform.people import who

    return Forced(who(load()), why.strip())


def rollback(
    run: Annotated[
        str | None,
        typer.Argument(help="The run to go back to; the one before the current if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Go back to the vectors of an earlier run, from its artifact."""
    from embeddings.jobs.publish import rollback as go_back
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform, console.steps() as report:
        summary = go_back(platform, run, report)
    _show_published(summary, as_json)
    if not as_json:
        console.note(f"Run {summary.run_id} is the current one again.")


def _show_published(summary: PublishSummary, as_json: bool) -> None:
    if as_json:
        console.print_json(summary.as_dict())
        return
    console.print_table(("what", "value"), list(flattened(summary.as_dict()).items()))
