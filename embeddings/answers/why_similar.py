"""Why two entities are alike: what each modality gives, what both say, and what carries it.

The published vector is a sum of parts, so the cosine of two splits exactly: a part's share is half
of what it adds with all parts of the other entity, on either side. What texts and pictures carry is
looked for by leaving it out (`text_reasons.py`, `picture_reasons.py`), which says nothing where
leaving out anything else would do as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.content_search import ContentSearch
from embeddings.answers.picture_reasons import PictureReasons, picture_reasons
from embeddings.answers.question import WAYS
from embeddings.answers.text_reasons import TextReasons, text_reasons
from embeddings.data.entity_contents import EntityContents, read
from embeddings.data.entity_rows import entity_rows
from embeddings.numerics.threads import one_thread
from embeddings.publish.live_artifact import artifact_of
from embeddings.publish.published import Run, must_be_published, of_one_run, staged_name
from kg_platform.browse.comparing import InCommon, in_common
from kg_platform.browse.entities import EntityRow
from kg_platform.cypher import nearest as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.cypher.vectors import PROVISIONAL
from kg_platform.errors import ArtifactError, BadInput, KgError, NotFound
from kg_platform.media.pictures import decode_rgb
from kg_platform.modality import IMAGE, TEXT, Modality
from kg_platform.platform import Platform

if TYPE_CHECKING:
    from PIL.Image import Image

    from embeddings.data.artifact import Artifact

PICTURES = 4  # of an entity, among which the two that are most alike are looked at
# Cells a side: of an encoder that is computed in a moment, and of one that is a network.
FINE, COARSE = 8, 4
# Entities drawn at random, beside which two are alike or not; with less than this share of them
# further away there is no likeness to give reasons for.
DRAWN, ALIKE = 200, 0.9
SEED = 0
CAME_AFTER = "One of the two came after training; its vector was fitted whole and has no parts."
FITTED_AGAIN = (
    "One of the two changed after training; its vector was fitted again, whole, and has no parts."
)

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class PartShare:
    """What a part (structure, text, image, ...) adds to the cosine; all of them add up to it."""

    part: str
    value: float


@dataclass(frozen=True)
class TextSides:
    """What carries the likeness of the texts: of the first to the other's vector, and back."""

    one: TextReasons
    other: TextReasons

    @property
    def found(self) -> bool:
        return any(side.sentence or side.words for side in (self.one, self.other))


@dataclass(frozen=True)
class PictureSides:
    """The two pictures (SHA-256) that are most alike, and what carries that, in each."""

    one_picture: str
    other_picture: str
    one: PictureReasons
    other: PictureReasons

    @property
    def found(self) -> bool:
        return bool(self.one.cells or self.other.cells)


@dataclass(frozen=True)
class WhySimilar:
    """`cosine` is of the published vectors, `cosines` of each kind that both have; `nearer` is the
    share of entities drawn at random that are less alike to the two than they are. `shares` are
    empty where `shares_missing` says why. `text` and `picture` are None where one has none, or
    `problems` say why they could not be looked at."""

    run: str
    one: EntityRow
    other: EntityRow
    cosine: float | None
    cosines: dict[str, float]
    nearer: dict[str, float]
    shares: tuple[PartShare, ...]
    shares_missing: str
    common: InCommon
    text: TextSides | None
    picture: PictureSides | None
    problems: tuple[str, ...]


class WhyReader:
    """Answers why. Threads may share it."""

    def __init__(self, platform: Platform, contents: ContentSearch) -> None:
        """`contents` keeps the encoders."""
        self._platform, self._contents = platform, contents

    def why(self, one: EntityRow, other: EntityRow) -> WhySimilar:
        """Why these two are alike, all of one run.

        Raises:
            BadInput: they are one. NotFound: nothing is published, or one has no vectors.
        """
        if one.id == other.id:
            raise BadInput(f"{one.id} is compared with itself; give two entities.")
        return of_one_run(
            self._platform.graph, lambda run: self._why(must_be_published(run), one, other)
        )

    def _why(self, run: Run, one: EntityRow, other: EntityRow) -> WhySimilar:
        graph = self._platform.graph
        places = {way: staged_name(run, name) for way, name in WAYS.items()}
        ends = {"ids": [one.id, other.id]}
        wanted = [*places.values(), PROVISIONAL]
        rows = {row["id"]: row for row in graph.read(Statement(cypher.vectors_of(wanted), ends))}
        vectors = {
            way: [_unit(rows[end.id][place]) for end in (one, other)]
            for way, place in places.items()
            if all(end.id in rows and rows[end.id][place] for end in (one, other))
        }
        for end in (one, other):
            if end.id not in rows or not any(rows[end.id][place] for place in places.values()):
                raise NotFound(f"{end.id} has no vectors yet; `kg embed` makes them.")
        cosines = {way: round(float(a @ b), 4) for way, (a, b) in vectors.items()}
        fitted = any(rows[end.id][PROVISIONAL] for end in (one, other))
        shares, nearer, missing = by_training(
            run, self._platform.settings.artifacts_dir, ends["ids"], vectors, fitted
        )
        problems: list[str] = []
        text, picture = None, None
        said = {each.id: each for each in read(graph, [one.id, other.id], (), (), 0)}
        sides = [said[end.id] for end in (one, other) if end.id in said]
        if len(sides) == 2:
            try:
                if nearer.get(TEXT.name, 1) < ALIKE:
                    problems.append(_far(TEXT, nearer[TEXT.name]))
                elif TEXT.name in vectors and all(each.texts for each in sides):
                    text = self._text(run, sides, vectors[TEXT.name])
            except KgError as error:
                problems.append(str(error))
            try:
                if nearer.get(IMAGE.name, 1) < ALIKE:
                    problems.append(_far(IMAGE, nearer[IMAGE.name]))
                elif IMAGE.name in vectors and all(each.contents(IMAGE) for each in sides):
                    picture = self._picture(run, sides)
            except KgError as error:
                problems.append(str(error))
        return WhySimilar(
            run=str(run["id"]),
            one=one,
            other=other,
            cosine=cosines.get("embedding"),
            cosines=cosines,
            nearer=nearer,
            shares=shares,
            shares_missing=missing,
            common=in_common(graph, one.id, other.id),
            text=text,
            picture=picture,
            problems=tuple(problems),
        )

    def _text(
        self, run: Run, sides: Sequence[EntityContents], vectors: Sequence[Numbers]
    ) -> TextSides:
        encoder = self._contents.encoder(run, TEXT)

        def side(mine: int) -> TextReasons:
            found = text_reasons(sides[mine].texts, vectors[1 - mine], encoder.encode)
            assert found is not None, "whoever has no text is not asked"
            return found

        with one_thread():
            return TextSides(side(0), side(1))

    def _picture(self, run: Run, sides: Sequence[EntityContents]) -> PictureSides | None:
        encoder = self._contents.encoder(run, IMAGE)
        media, most = self._platform.media, self._platform.settings.max_picture_pixels

        def encode(pictures: Sequence[Image]) -> Numbers:
            found: Numbers = encoder.encode_prepared([encoder.preparer(one) for one in pictures])
            return found

        pictures: list[list[tuple[str, Image]]] = [
            [
                (one.sha256, decode_rgb(media.read(one.sha256), most))
                for one in side.media[IMAGE.name][:PICTURES]
            ]
            for side in sides
        ]
        with one_thread():
            return self._regions(pictures, encode, encoder.name == "classical")

    def _regions(
        self,
        pictures: Sequence[Sequence[tuple[str, Image]]],
        encode: Callable[[Sequence[Image]], Numbers],
        quick: bool,
    ) -> PictureSides:
        vectors = [encode([picture for _, picture in mine]) for mine in pictures]
        alike = vectors[0] @ vectors[1].T
        at = np.unravel_index(int(alike.argmax()), alike.shape)
        grid = FINE if quick else COARSE
        chosen = [pictures[side][int(at[side])] for side in (0, 1)]
        found = [
            picture_reasons(chosen[side][1], vectors[1 - side][int(at[1 - side])], encode, grid)
            for side in (0, 1)
        ]
        return PictureSides(chosen[0][0], chosen[1][0], found[0], found[1])


def by_training(
    run: Run,
    artifacts: Path,
    pair: Sequence[str],
    vectors: Mapping[str, Sequence[Numbers]],
    fitted: bool,
) -> tuple[tuple[PartShare, ...], dict[str, float], str]:
    """Of two entities, what the run's artifact says: shares, how alike they are beside others, and
    why there are no shares. `fitted`: the vector of one was, after training."""
    nearer: dict[str, float] = {}
    try:
        artifact = artifact_of(run, artifacts)
        nearer = {way: nearer_than(artifact, WAYS[way], both) for way, both in vectors.items()}
        places = entity_rows(artifact)
        if any(one not in places for one in pair):
            return (), nearer, CAME_AFTER
        if fitted:  # what was trained has parts still, which are not those of the vector
            return (), nearer, FITTED_AGAIN
        return shares(artifact, [places[one] for one in pair]), nearer, ""
    except (NotFound, ArtifactError) as error:
        return (), nearer, str(error)


def shares(artifact: Artifact, rows: Sequence[int]) -> tuple[PartShare, ...]:
    """What each part adds to the cosine of two trained entities, the most first; parts that neither
    has are left out."""
    import torch  # for its weight

    from embeddings.models.from_artifact import rebuild

    with torch.no_grad():
        pair: Any = rebuild(artifact, rows)
        parts = pair.parts()
        products = parts[0] @ parts[1].T
        length = parts[0].sum(0).norm() * parts[1].sum(0).norm()
        values = (products.sum(0) + products.sum(1)) / 2 / length
        there = pair.there_is()
    names = ("structure", *pair.names)
    found = [
        PartShare(name, round(float(value), 4))
        for name, value, has in zip(names, values, there.any(0), strict=True)
        if has or abs(float(value)) > 1e-6
    ]
    return tuple(sorted(found, key=lambda one: -one.value))


def nearer_than(artifact: Artifact, name: str, pair: Sequence[Numbers]) -> float:
    """The share of entities drawn at random that are less alike to both of a pair, whose vectors
    are of length 1, on the mean, than the pair is."""
    there = np.flatnonzero(artifact.present(name))
    chosen = np.random.default_rng(SEED).choice(there, min(DRAWN, len(there)), replace=False)
    rows = np.stack([_unit(row) for row in artifact.pick(name, np.sort(chosen))])
    others = (rows @ pair[0] + rows @ pair[1]) / 2
    return round(float((others < pair[0] @ pair[1]).mean()), 3)


def _far(modality: Modality, share: float) -> str:
    return (
        f"Their {modality.items} are nearer to each other than to {share:.0%} of entities drawn at "
        "random: too few for a likeness to give reasons for."
    )


def _unit(numbers: Any) -> Numbers:
    vector = np.asarray(numbers, np.float32)
    unit: Numbers = vector / np.linalg.norm(vector)
    return unit
