"""What a program may ask of vectors, and how it makes them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from kg_platform.errors import BadInput
from kg_platform.modality import BY_NAME, TEXT
from kg_platform.progress import Progress
from kg_platform.results import Results
from kg_platform.session import Session, number, words

if TYPE_CHECKING:  # what learns is loaded when it is asked for: that takes seconds
    from PIL.Image import Image

    from embeddings.answers.content_search import ContentSearch
    from embeddings.answers.explanation import Explained
    from embeddings.answers.maps.moved import Move
    from embeddings.answers.nearest import Neighbour
    from embeddings.answers.predict import Prediction
    from embeddings.answers.similar import SimilarAnswer
    from embeddings.answers.why_similar import WhySimilar
    from embeddings.jobs.cost.estimate import CostPlan
    from embeddings.jobs.embed import EmbedResult
    from embeddings.jobs.embed_new import NewSummary
    from embeddings.jobs.embed_options import EmbedOptions
    from embeddings.publish.gate.decision import Force
    from embeddings.publish.gate.verdict import Verdict
    from embeddings.publish.publish import PublishSummary
    from kg_platform.browse.entities import EntityRow
    from kg_platform.platform import Platform


class EmbedKeywords(TypedDict, total=False):
    """What to embed and how, by the names of `kg embed`'s options; docs/reference.md has them."""

    label: Sequence[str]
    relationship_type: Sequence[str]
    model: str | None
    dimension: int | None
    fusion: str | None
    loss: str | None
    video_pooling: str | None
    preset: str
    epochs: int | None
    setting: Sequence[str]
    seed: int
    text: bool
    pictures: bool
    sounds: bool
    films: bool
    warm: bool


class VectorSession(Session):
    """A platform that can be asked by its vectors, and embedded."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._by_content: ContentSearch | None = None

    # ---- ask

    def similar(
        self,
        entity: str | EntityRow | Sequence[str | EntityRow] | None = None,
        *,
        unlike: str | EntityRow | Sequence[str | EntityRow] = (),
        text: str | None = None,
        image: str | Path | bytes | Image | None = None,
        audio: str | Path | bytes | None = None,
        video: str | Path | bytes | None = None,
        start: float | None = None,
        end: float | None = None,
        by: str = "embedding",
        weights: Mapping[str, float] | None = None,
        type: str | None = None,
        where: Mapping[str, object] | None = None,
        k: int = 10,
    ) -> Results[Neighbour]:
        """The `k` entities nearest to what is given: entities (ids or labels), a text, a picture (a
        file, its bytes, or a Pillow image), a sound or a film (a file or its bytes; of these the
        part from second `start` to `end`), or several of them; and away from those of `unlike`.

        `by` is embedding, structure, text, image, audio or video; of a text, one of the last four.
        `weights` are how much each of several such ways counts. `type` keeps those with that label,
        `where` those with these values of properties. Scores are (1 + cosine) / 2.

        Raises:
            BadInput: nothing is given to be like, or there is no such way to compare.
            NotFound: no such entity, it has no such vector, or nothing is published.
        """
        from embeddings.answers.nearest import Neighbour

        found = self.alike(
            entity, unlike=unlike, text=text, image=image, audio=audio, video=video, start=start,
            end=end, by=by, weights=weights, type=type, where=where, k=k,
        ).found  # fmt: skip
        return Results(found, Neighbour)

    def alike(
        self,
        entity: str | EntityRow | Sequence[str | EntityRow] | None = None,
        *,
        unlike: str | EntityRow | Sequence[str | EntityRow] = (),
        text: str | None = None,
        image: str | Path | bytes | Image | None = None,
        audio: str | Path | bytes | None = None,
        video: str | Path | bytes | None = None,
        start: float | None = None,
        end: float | None = None,
        by: str = "embedding",
        weights: Mapping[str, float] | None = None,
        type: str | None = None,
        where: Mapping[str, object] | None = None,
        k: int = 10,
    ) -> SimilarAnswer:
        """As `similar`, with what each way says by itself, and how it was looked for."""
        from embeddings.answers import question
        from embeddings.answers.filtering import Filter
        from embeddings.answers.similar import similar

        # What is mistyped is said before a database is started.
        number("k", k)
        given = question.weights_of(words("the way to compare", by), weights)
        if text is not None:
            words("the text", text)
        span = question.part(start, end)
        contents = question.examples(text, span, image=image, audio=audio, video=video)
        for one in contents if given and not _several(entity) and not _several(unlike) else ():
            ways = list(BY_NAME) if one.modality is TEXT else [one.modality.name]
            if not {BY_NAME[way].vector for way in ways} & set(map(question.property_of, given)):
                said = question.either(ways), " or ".join(map(repr, given))
                raise BadInput(f"A {one.modality.item} is compared by {said[0]}, not by {said[1]}.")
        kept = Filter.of(type, where)
        asked = question.SimilarQuestion(
            tuple(map(_written, _several(entity))),
            tuple(map(_written, _several(unlike))),
            contents,
            given,
            kept,
            k,
        )
        asked.ways()
        resolved = replace(
            asked,
            like=tuple(self.resolve(one).id for one in _several(entity)),
            unlike=tuple(self.resolve(one).id for one in _several(unlike)),
        )
        found = self._contents().similar(resolved) if contents else similar(self.graph, resolved)
        if not found.found:
            self.check_type(type)
        return found

    def why(self, one: str | EntityRow, other: str | EntityRow) -> WhySimilar:
        """Why two entities are alike: shares of modalities, facts of both, and what of their texts
        and pictures carries it.

        Raises:
            NotFound: no such entity, or it has no vectors. BadInput: they are one.
        """
        from embeddings.answers.why_similar import WhyReader

        first, second = self.resolve(one), self.resolve(other)
        return WhyReader(self.platform, self._contents()).why(first, second)

    def moves_of(self, entity: str | EntityRow) -> list[Move]:
        """How far the latest runs moved an entity's vector, the newest first, as their maps tell.

        Raises:
            NotFound: no such entity.
        """
        from embeddings.answers.maps.moved import moves

        return moves(self.settings.artifacts_dir, self.resolve(entity).id)

    def predict(
        self,
        entity: str | EntityRow,
        relation: str,
        *,
        heads: bool = False,
        type: str | None = None,
        k: int = 10,
    ) -> Results[Prediction]:
        """The `k` likeliest tails of (entity, relation, ?) that the graph does not have; with
        `heads`, heads of (?, relation, entity).

        Raises:
            NotFound: the model knows no such entity or relation, or nothing is published here.
        """
        from embeddings.answers.predict import Prediction, predict_heads, predict_tails
        from embeddings.publish.live_artifact import open_published

        words("the relation", relation)
        number("k", k)
        row = self.resolve(entity)
        artifact = open_published(self.graph, self.settings.artifacts_dir)
        ask = predict_heads if heads else predict_tails
        found = ask(artifact, self.graph, row.id, relation, k, type)
        if not found:
            self.check_type(type)
        return Results(found, Prediction)

    @overload
    def explain(
        self, head: str | EntityRow, relation: str, tail: str | EntityRow, *, heads: bool = False
    ) -> Explained: ...
    @overload
    def explain(
        self,
        head: str | EntityRow,
        relation: str,
        tail: None = None,
        *,
        heads: bool = False,
        type: str | None = None,
        k: int = 5,
    ) -> Results[Explained]: ...
    def explain(
        self,
        head: str | EntityRow,
        relation: str,
        tail: str | EntityRow | None = None,
        *,
        heads: bool = False,
        type: str | None = None,
        k: int = 5,
    ) -> Explained | Results[Explained]:
        """Which modality moved a prediction: of one fact, or of the `k` likeliest that the graph
        does not have. With `heads` the head is what was asked for; given alone, it is the tail.

        Raises:
            NotFound: the model knows no such entity or relation, or nothing is published here.
        """
        from embeddings.answers.explain import explain_fact, explain_predictions
        from embeddings.answers.explanation import Explained
        from embeddings.publish.live_artifact import open_published

        words("the relation", relation)
        number("k", k)
        if tail is not None and type is not None:
            raise BadInput("A type chooses among predictions; leave it out when you give a tail.")
        artifact = open_published(self.graph, self.settings.artifacts_dir)
        first = self.resolve(head)
        if tail is not None:
            second = self.resolve(tail)
            return explain_fact(artifact, self.graph, first, relation, second, heads)
        found = explain_predictions(artifact, self.graph, first, relation, heads, type, k)
        if not found:
            self.check_type(type)
        return Results(found, Explained)

    # ---- make

    def embed(
        self,
        *,
        publish: bool = True,
        force: str | None = None,
        on_progress: Progress | None = None,
        **options: Unpack[EmbedKeywords],
    ) -> EmbedResult:
        """Train vectors for the graph and publish them; `force` says why, against the gate.

        Raises:
            GateRefused: the run is worse than the live one; it is kept. BadInput: there is nothing
            to embed, or another job is at it. Interrupted: Ctrl-C; the same call goes on.
        """
        from embeddings.jobs.embed import embed

        return embed(
            self.platform,
            self._options(options),
            publish_vectors=publish,
            force=self._forced(force),
            on_progress=on_progress,
        )

    def plan(
        self,
        *,
        publish: bool = True,
        on_progress: Progress | None = None,
        **options: Unpack[EmbedKeywords],
    ) -> CostPlan:
        """What `embed` would cost in time, memory and disk."""
        from embeddings.jobs.embed import plan_run

        return plan_run(
            self.platform,
            self._options(options),
            publish_vectors=publish,
            on_progress=on_progress,
        )

    def embed_new(self, *, on_progress: Progress | None = None) -> NewSummary:
        """Vectors without training, for entities that came or changed since the live run."""
        from embeddings.jobs.embed_new import embed_new

        return embed_new(self.platform, on_progress=on_progress)

    def publish(
        self,
        run: str | None = None,
        *,
        resume: bool = False,
        force: str | None = None,
        on_progress: Progress | None = None,
    ) -> PublishSummary:
        """Write a run's vectors into the graph, the latest one's if none is named; with `resume`,
        finish the publish that stands half-way. `force` says why, against the gate.

        Raises:
            NotFound: there is no such run or artifact. GateRefused: it is worse than the live one.
            BadInput: `resume` beside a run, or beside `force`.
        """
        from embeddings.jobs.publish import publish_run, resume_publish

        if resume and force is not None:
            raise BadInput("A publish that stands half-way passed the gate; leave force out.")
        if resume and run:
            raise BadInput(
                "Give a run or resume: the publish that stands half-way has its own run."
            )
        if resume:
            return resume_publish(self.platform, on_progress)
        return publish_run(self.platform, run, self._forced(force), on_progress)

    def gate(self, run: str | None = None) -> Verdict:
        """Whether a run may go live beside the one that is; nothing is changed."""
        from embeddings.jobs.publish import gate_run

        return gate_run(self.platform, run)

    def rollback(
        self, run: str | None = None, *, on_progress: Progress | None = None
    ) -> PublishSummary:
        """Go back to the vectors of an earlier run: of this one, or of the one before the live."""
        from embeddings.jobs.publish import rollback

        return rollback(self.platform, run, on_progress)

    # ----

    def _contents(self) -> ContentSearch:
        from embeddings.answers.content_search import ContentSearch

        if self._by_content is None:
            self._by_content = ContentSearch(self.platform)
        return self._by_content

    def _options(self, given: Mapping[str, Any]) -> EmbedOptions:
        from embeddings.jobs.embed_options import embed_options

        for name in given:
            if name not in EmbedKeywords.__annotations__:
                close = difflib.get_close_matches(name, EmbedKeywords.__annotations__, n=1)
                hint = f"did you mean {close[0]}?" if close else "docs/python.md lists them."
                raise BadInput(f"{name} is not an option of embedding; {hint}")
        chosen = {name: value for name, value in given.items() if value is not None}
        for name in {"dimension", "epochs", "seed"} & set(chosen):
            number(name, chosen[name], least=0)
        for name in {"label", "relationship_type", "setting"} & set(chosen):
            one = isinstance(chosen[name], str)
            chosen[name] = [words(name, each) for each in ([chosen[name]] if one else chosen[name])]
        for name in {"model", "fusion", "loss", "video_pooling", "preset"} & set(chosen):
            words(name, chosen[name])
        return embed_options(chosen, self.settings.device)

    def _forced(self, why: str | None) -> Force | None:
        if why is None:
            return None
        if not words("why it is forced", why).strip():
            raise BadInput("Say why it is forced: it is written down who and why.")
        from embeddings.publish.gate.decision import Force
        from kg_platform.people import who

        return Force(who(self.settings), why.strip())


def _written(entity: str | EntityRow) -> str:
    """An entity as a sentence names it: by what was written, or by its id."""
    return str(getattr(entity, "id", entity))


def _several(given: str | EntityRow | Sequence[str | EntityRow] | None) -> list[str | EntityRow]:
    """Entities that may be given as one."""
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple) else [given]  # type: ignore[list-item]
