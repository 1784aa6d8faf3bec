"""`kg similar`, `show`, `query`, `predict`, `rejections`: questions and answers."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg_platform import console
from kg_platform.errors import BadInput, NotFound
from kg_platform.ledger.rows import excerpt
from kg_platform.settings import Settings, load

if TYPE_CHECKING:
    from embeddings.answers.predict import Prediction
    from embeddings.answers.similar import Neighbour
    from kg_platform.graph.client import Graph

SHOWN = 60  # characters of a refused value; --json prints all that is kept
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Count = Annotated[int, typer.Option("-k", "--count", min=1, help="How many.")]
Type = Annotated[str | None, typer.Option("--type", help="Only entities with this label.")]


def register(app: typer.Typer) -> None:
    for command in (similar, show, query, predict, rejections):
        app.command(command.__name__)(command)


def similar(
    entity: Annotated[str | None, typer.Argument(help="An entity's id, or its label.")] = None,
    text: Annotated[str | None, typer.Option(help="Nearest to this text instead.")] = None,
    image: Annotated[Path | None, typer.Option(help="Nearest to this picture instead.")] = None,
    by: Annotated[
        str, typer.Option(help="embedding, structure, text or image; with --text, text or image.")
    ] = "embedding",
    type: Type = None,
    count: Count = 10,
    as_json: Json = False,
) -> None:
    """Entities like an entity, a text or a picture."""
    if sum(given is not None for given in (entity, text, image)) != 1:
        raise BadInput("Give one of an entity, --text or --image.")
    if text is not None and by not in ("embedding", "text", "image"):
        raise BadInput(f"A text is compared --by text or image, not by {by!r}.")
    from embeddings.answers.similar import property_of
    from kg_platform.platform import Platform

    property_of(by)  # a misspelt way is said before a database is started
    settings = load()
    with Platform.open(settings) as platform:
        graph = platform.graph
        if text is not None:
            asked, found = text, _like_text(graph, settings, text, count, type, by)
        elif image is not None:
            asked, found = str(image), _like_picture(graph, settings, image, count, type)
        else:
            from embeddings.answers.similar import similar_to_entity
            from kg_platform.browse.entities import resolve

            row = resolve(graph, str(entity))
            asked = row.label if row.label == row.id else f"{row.label} ({row.id})"
            found = similar_to_entity(graph, row.id, count, by, type)
    if as_json:
        console.print_json([asdict(n) for n in found])
        return
    rows = [(n.id, n.label, n.type, f"{n.score:.4f}") for n in found]
    console.print_table(("id", "label", "type", "score"), rows, title=f"Like {asked}")


def show(
    entity: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    facts: Annotated[int, typer.Option(min=0, help="At most this many facts.")] = 50,
    as_json: Json = False,
) -> None:
    """Everything the graph says about one entity."""
    from kg_platform.browse import entities
    from kg_platform.browse.formatting import jsonable, short
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        page = entities.entity(platform.graph, entities.resolve(platform.graph, entity).id, facts)
    if as_json:
        console.print_json(jsonable(asdict(page)))
        return
    vectors = ", ".join(f"{name} ({size})" for name, size in page.vectors.items())
    about: list[tuple[str, object]] = [
        ("id", page.id),
        ("type", page.type),
        ("description", page.description),
        ("aliases", ", ".join(page.aliases)),
        *((name, short(value)) for name, value in page.properties.items()),
        ("source", page.source),
        ("vectors", f"{vectors} of run {page.embedding_run}" if vectors else ""),
        *((f"{m.role or m.kind} {m.rank}", f"{m.mime} {m.id} {m.caption}") for m in page.media),
    ]
    shown = [(name, value) for name, value in about if value]
    console.print_table(("what", "value"), shown, title=page.label)
    rows = [
        ("->" if fact.outgoing else "<-", fact.relation, fact.entity.label, fact.entity.id)
        for fact in page.neighbours
    ]
    if rows:
        title = f"{page.facts:,} fact{'' if page.facts == 1 else 's'}"
        title += f", the first {len(rows):,} shown" if len(rows) < page.facts else ""
        console.print_table(("", "relation", "entity", "id"), rows, title=title)


def query(
    text: Annotated[str, typer.Argument(help="Cypher that only reads; - reads it from stdin.")],
    param: Annotated[
        list[str] | None,
        typer.Option(help="name=value for $name; a value that is JSON is read as JSON."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, vectors whole.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Run Cypher that can only read. The KG_QUERY_* settings limit time, rows and bytes."""
    if as_json and as_csv:
        raise BadInput("Choose one of --json and --csv.")
    parameters = _parameters(param or [])
    from kg_platform.browse.formatting import jsonable, short
    from kg_platform.browse.read_only import run_read_only
    from kg_platform.platform import Platform

    settings = load()
    cypher = sys.stdin.read() if text == "-" else text
    with Platform.open(settings) as platform:
        table = run_read_only(platform.graph, cypher, settings, parameters)
    if as_json:
        rows = jsonable(table.rows)
        console.print_json({"columns": table.columns, "rows": rows, "truncated": table.truncated})
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(table.columns)
        writer.writerows([_cell(value) for value in row] for row in table.rows)
    else:
        console.print_table(table.columns, ([short(v) for v in row] for row in table.rows))
    if table.truncated:
        console.note(
            f"Cut off after {len(table.rows):,} rows: there is more. Add LIMIT or a filter, or "
            "raise KG_QUERY_MAX_ROWS or KG_QUERY_MAX_BYTES."
        )


def predict(
    entity: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    relation: Annotated[str, typer.Argument(help="A relationship type, such as LANGUAGE.")],
    heads: Annotated[
        bool, typer.Option("--heads", help="The entity is the tail; predict heads.")
    ] = False,
    type: Type = None,
    count: Count = 10,
    as_json: Json = False,
) -> None:
    """The likeliest facts that the graph does not have yet."""
    from embeddings.answers.predict import predict_heads, predict_tails
    from embeddings.publish.published import open_published
    from kg_platform.browse.entities import resolve
    from kg_platform.platform import Platform

    settings = load()
    with Platform.open(settings) as platform:
        row = resolve(platform.graph, entity)
        artifact = open_published(platform.graph, settings.artifacts_dir)
        ask = predict_heads if heads else predict_tails
        found = ask(artifact, platform.graph, row.id, relation, count, type)
    if as_json:
        console.print_json([asdict(p) for p in found])
        return
    rows = [(p.id, p.label, p.type, f"{p.score:.3f}", _chance(p)) for p in found]
    fact = f"? {relation} {row.label}" if heads else f"{row.label} {relation} ?"
    console.print_table(("id", "label", "type", "score", "probability"), rows, title=fact)


def rejections(
    run: Annotated[str | None, typer.Argument(help="The latest ingest if left out.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave out the first ones.")] = 0,
    as_json: Json = False,
) -> None:
    """Rows that were not loaded: where they stand, and why."""
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        ledger = platform.ledger
        chosen = ledger.run(run).id if run else _latest_ingest(ledger.runs("ingest", 1))
        total = ledger.count_rejections(chosen)
        found = ledger.rejections(chosen, limit, offset)
    if as_json:
        listed = [asdict(r) for r in found]
        console.print_json({"run": chosen, "total": total, "rejections": listed})
        return
    rows = [(r.source, r.line, r.field, r.reason, excerpt(r.value, SHOWN)) for r in found]
    title = f"{total:,} rejection{'' if total == 1 else 's'} of run {chosen}"
    console.print_table(("source", "line", "field", "reason", "value"), rows, title=title)
    if offset + len(found) < total:
        console.note(f"{total - offset - len(found):,} more; --limit and --offset show them.")


def _chance(found: Prediction) -> str:
    return "" if found.probability is None else f"{found.probability:.3f}"


def _like_text(
    graph: Graph, settings: Settings, text: str, count: int, type: str | None, by: str
) -> list[Neighbour]:
    from embeddings.answers.similar import similar_to_text
    from embeddings.features.encoders.load import load_text_encoder, load_text_side
    from embeddings.publish.published import with_encoder

    by = "text" if by == "embedding" else by  # what --by is when it is not given
    open_encoder = load_text_side if by == "image" else load_text_encoder
    return with_encoder(
        graph,
        by,
        lambda name: open_encoder(name, settings.device),
        lambda encoder: similar_to_text(graph, text, count, encoder, type, by),
    )


def _like_picture(
    graph: Graph, settings: Settings, file: Path, count: int, type: str | None
) -> list[Neighbour]:
    from embeddings.answers.similar import similar_to_picture
    from embeddings.features.encoders.load import load_image_encoder
    from embeddings.publish.published import with_encoder
    from kg_platform.media.pictures import decode_rgb

    try:
        picture = decode_rgb(file.read_bytes(), settings.max_picture_pixels)
    except OSError as error:
        raise NotFound(f"The picture {file} cannot be read: {error.strerror}.") from error
    return with_encoder(
        graph,
        "image",
        lambda name: load_image_encoder(name, settings.device),
        lambda encoder: similar_to_picture(graph, picture, count, encoder, type),
    )


def _parameters(pairs: list[str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"--param {pair!r} is not name=value.")
        try:
            parameters[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            parameters[name.strip()] = value
    return parameters


def _cell(value: Any) -> Any:
    from kg_platform.browse.formatting import jsonable

    plain = jsonable(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else plain


def _latest_ingest(found: list[Any]) -> str:
    if not found:
        raise NotFound("Nothing has been ingested yet; `kg ingest PATH` does it.")
    return str(found[0].id)
