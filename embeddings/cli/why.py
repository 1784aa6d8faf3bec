"""`kg why`: why two entities are alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Json

if TYPE_CHECKING:
    from embeddings.answers.picture_reasons import PictureReasons
    from embeddings.answers.text_reasons import TextReasons
    from embeddings.answers.why_similar import WhySimilar
    from kg_platform.browse.comparing import Path


def register(app: typer.Typer) -> None:
    app.command()(why)


def why(
    one: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    other: Annotated[str, typer.Argument(help="Another's.")],
    as_json: Json = False,
) -> None:
    """Why two entities are alike, and what carries it."""
    with VectorSession.open() as kg:
        found = kg.why(one, other)
    if as_json:
        console.print_json(asdict(found))
        return
    for line in lines(found):
        console.print_text(line)


def lines(found: WhySimilar) -> list[str]:
    """The answer in sentences."""
    one, other = found.one.label, found.other.label
    alike = "no common vector" if found.cosine is None else f"cosine {found.cosine:.3f}"
    said = [f"{one} and {other}: {alike}, run {found.run}"]
    if found.shares:
        parts = ", ".join(f"{share.part} {share.value:+.3f}" for share in found.shares)
        said.append(f"Shares of the cosine: {parts}.")
    elif found.shares_missing:
        said.append(found.shares_missing)
    by = ", ".join(
        f"{way} {value:.3f}"
        + (f" (nearer than {found.nearer[way]:.0%} drawn at random)" if way in found.nearer else "")
        for way, value in found.cosines.items()
    )
    said.append(f"Cosines by kind: {by}.")
    common = found.common
    for relation, outgoing in common.between:
        said.append(f"  {one} {_arrow(relation, outgoing)} {other}")
    looked = common.shared_count is not None
    none = "No fact of both" if looked else "Too many relations to look for facts of both"
    if common.shared:
        said.append(f"Both have {common.shared_count:,} facts in common:")
        said += [
            f"  {_arrow(fact.relation, fact.outgoing)} {fact.entity.label} "
            f"({fact.degree:,} relationships)"
            for fact in common.shared
        ]
    elif common.paths:
        said.append(f"{none}; the shortest ways:")
        said += [f"  {_way(path)}" for path in common.paths]
    else:
        said.append(f"{none}, and no way of three facts or fewer.")
    if found.text is not None:
        said += _text(one, found.text.one) + _text(other, found.text.other)
    if found.picture is not None:
        said += [_picture(one, found.picture.one), _picture(other, found.picture.other)]
    return [*said, *found.problems]


def _text(label: str, side: TextReasons) -> list[str]:
    if side.sentence is None and not side.words:
        return [f"Text of {label}: no single reason; nothing carries more than any other words."]
    said = []
    if side.sentence is not None:
        part = side.sentence
        said.append(
            f"Text of {label}: “{part.text}” (without it {part.drop:+.3f} less, more than "
            f"{part.beats} of {part.of} other removals)"
        )
    if side.words:
        words = ", ".join(f"{word.text} ({word.drop:.3f})" for word in side.words)
        said.append(f"Words in the text of {label}: {words}")
    return said


def _picture(label: str, side: PictureReasons) -> str:
    if not side.cells:
        return f"Picture of {label}: no single reason; no region carries more than any other."
    rows = [row for row, _ in side.cells]
    columns = [column for _, column in side.cells]
    where = _where(sum(rows) / len(rows), sum(columns) / len(columns), side.grid)
    return (
        f"Picture of {label}: {len(side.cells)} of {side.grid**2} cells, around the {where} "
        f"(without them {side.drop:.3f} less, more than {side.beats} of {side.of} other choices)"
    )


def _where(row: float, column: float, grid: int) -> str:
    third = grid / 3
    vertical = "top" if row + 0.5 < third else "bottom" if row + 0.5 > 2 * third else ""
    horizontal = "left" if column + 0.5 < third else "right" if column + 0.5 > 2 * third else ""
    return " ".join(part for part in (vertical, horizontal) if part) or "middle"


def _arrow(relation: str, outgoing: bool) -> str:
    return f"→ {relation}" if outgoing else f"← {relation}"


def _way(path: Path) -> str:
    said = path.nodes[0][1]
    for step, (_, label) in zip(path.steps, path.nodes[1:], strict=True):
        said += f" -{step.relation}→ {label}" if step.forward else f" ←{step.relation}- {label}"
    return said
