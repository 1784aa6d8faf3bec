"""Trained weights as a PyKEEN model, and a PyKEEN model's weights as ours.

In Python, with the vectors of a run and its facts, to use whatever PyKEEN has for models::

    from embeddings.data.artifact import open_artifact
    from embeddings.models.pykeen_exchange import from_pykeen, to_pykeen, triples_factory

    artifact = open_artifact(folder)  # `kg runs` shows the folder
    factory = triples_factory(artifact.entity_ids(), artifact.relation_types, triples)
    model = to_pykeen(load_scorer(artifact), factory)
    torch.save(model.state_dict(), "model.pt")  # loads with weights_only=True

    scorer = from_pykeen(model)  # of a model that PyKEEN trained as well

PyKEEN numbers the inverse of its relation r as 2 r + 1, and r itself as 2 r; ours are r + R and r.
Its evaluator gives our ranking figures (tests/unit/embeddings/models/test_pykeen_exchange.py).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from embeddings.data.triples import Ints
from embeddings.models.interactions import registry
from embeddings.models.interactions.fast import FAST, Interaction
from embeddings.models.interactions.generic import Generic, names
from embeddings.models.scorer import Scorer
from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from pykeen.models import ERModel
    from pykeen.triples import TriplesFactory

CHECKED = 64  # facts that a model from PyKEEN and ours must score alike
ALIKE = 1e-3


def triples_factory(
    entity_ids: Sequence[str], relation_types: Sequence[str], triples: Ints | None = None
) -> TriplesFactory:
    """(n, 3) facts, by position, as PyKEEN's factory: the same positions, inverses made there."""
    from pykeen.triples import TriplesFactory

    facts = np.empty((0, 3), np.int64) if triples is None else triples
    return TriplesFactory(
        mapped_triples=torch.from_numpy(np.ascontiguousarray(facts, dtype=np.int64)),
        entity_to_id={name: at for at, name in enumerate(entity_ids)},
        relation_to_id={name: at for at, name in enumerate(relation_types)},
        create_inverse_triples=True,
    )


def to_pykeen(scorer: Scorer, factory: TriplesFactory) -> ERModel[Any, Any, Any]:
    """PyKEEN's model with these vectors, in evaluation mode; the scorer's are copied.

    What an interaction makes true of its vectors (a modulus of 1, ...) is true of the model's, but
    no constrainer keeps it so in further training. Where relations add something to loops, it is a
    `LoopModel`, which knows of it. Where heads have vectors of their own, an entity's
    representations are those of the answer, then those of the head.

    Raises:
        BadInput: the factory has other sizes or no inverse relations, or the fusion has gates.
    """
    from pykeen.models import ERModel
    from pykeen.utils import NoRandomSeedNecessary

    from embeddings.models.pykeen_loop_model import LoopModel

    if scorer.gates is not None:
        raise BadInput(
            "A fusion with gates for each relation gives a head another vector than a tail, which "
            "PyKEEN's models cannot hold; train with another fusion."
        )
    sizes = len(scorer.entities), len(scorer.relations)
    if not factory.create_inverse_triples or sizes != (
        factory.num_entities,
        factory.num_relations,
    ):
        raise BadInput(
            f"The vectors are of {sizes[0]} entities and {sizes[1] // 2} relations and their "
            "inverses; make the factory of the same facts, with create_inverse_triples=True."
        )
    kind = scorer.formula
    turns = torch.arange(len(scorer.relations)).view(2, -1).T.reshape(-1)
    with torch.no_grad():
        entities = kind.entity_slots(scorer.entities.cpu())
        relations = kind.relation_slots(scorer.relations.cpu()[turns])
        loops = scorer.loops.cpu()[turns]
        interaction = copy.deepcopy(kind.pykeen).cpu()
        if scorer.components is not None:
            heads = kind.entity_slots(scorer.components.sum(1).cpu())
            entities = (*entities, *heads)
            _with_heads(interaction)
    weights = copy.deepcopy(interaction.state_dict())
    model = (partial(LoopModel, loops) if loops.any() else ERModel)(
        triples_factory=factory,
        interaction=interaction,
        entity_representations=[_embedding(slot) for slot in entities],
        relation_representations=[_embedding(slot) for slot in relations],
        random_seed=NoRandomSeedNecessary,
    )
    model.interaction.load_state_dict(weights)  # the model drew new ones
    return model.eval()


def from_pykeen(model: ERModel[Any, Any, Any]) -> Scorer:
    """Our scorer with a PyKEEN model's vectors and its interaction's weights; copies, on the CPU.

    Raises:
        BadInput: it has no inverse relations, is of a kind or shape we do not have, or scores facts
            otherwise than our model of that name.
    """
    if not model.use_inverse_triples:
        raise BadInput(
            "The PyKEEN model has no inverse relations; train it on a factory with "
            "create_inverse_triples=True."
        )
    interaction = copy.deepcopy(model.interaction).cpu().eval()
    kind = _counterpart(interaction)
    with torch.no_grad():
        slots = _slots(model.entity_representations)
        count = len(slots)
        if count and min(interaction.head_indices) > max(interaction.tail_indices):
            count //= 2  # of ours, with vectors for heads behind the others
            _without_heads(interaction, count)
        entities, components = kind.entity_vectors(slots[:count]), None
        if count < len(slots):
            components = kind.entity_vectors(slots[count:])[:, None]
        slots = _slots(model.relation_representations)
        relations = kind.relation_vectors(slots) if slots else torch.empty(model.num_relations, 0)
    try:
        kind.check(entities.shape[1])
        if isinstance(kind, Generic):
            kind.adopt(interaction)
        turns = torch.arange(len(relations)).view(-1, 2).T.reshape(-1)
        loops = getattr(model, "loops", None)
        loops = None if loops is None else loops.detach().cpu()[turns]
        scorer = Scorer(kind, entities, relations[turns], components, loops=loops)
        alike = _alike(scorer, model)
    except (BadInput, RuntimeError):
        alike = False  # other shapes than ours
    if not alike:
        raise BadInput(
            f"The PyKEEN model does not score facts as our {kind.name} does: its shapes, norm or "
            "constraints differ; docs/models.md has ours."
        )
    return scorer


def _with_heads(interaction: Any) -> None:
    """Let heads be read from a second set of an entity's representations, behind the first."""
    shape, heads = interaction.entity_shape, interaction.head_indices
    interaction._tail_indices = tuple(interaction.tail_indices)
    interaction._head_indices = tuple(len(shape) + place for place in heads)
    interaction.entity_shape = (*shape, *shape)


def _without_heads(interaction: Any, count: int) -> None:
    """Back from `_with_heads`: the first `count` representations are for heads, too."""
    interaction.entity_shape = interaction.entity_shape[:count]
    interaction._head_indices = tuple(place - count for place in interaction.head_indices)


def _embedding(slot: Tensor) -> Any:
    """(N, *shape) as a trainable PyKEEN embedding."""
    from pykeen.nn import Embedding
    from pykeen.nn.init import PretrainedInitializer

    start = torch.view_as_real(slot) if slot.is_complex() else slot
    return Embedding(
        max_id=len(slot),
        shape=tuple(slot.shape[1:]),
        initializer=PretrainedInitializer(start.contiguous().clone()),
        dtype=slot.dtype,
    )


def _slots(representations: Sequence[Any]) -> list[Tensor]:
    return [each(indices=None).detach().cpu() for each in representations]


def _counterpart(interaction: Any) -> Interaction:
    """Our interaction for PyKEEN's; whether it has the same options is another question."""
    called = type(interaction).__name__
    name = called.removesuffix("Interaction").lower()
    if name not in (*FAST, *names()):
        raise BadInput(f"PyKEEN's {called} has no counterpart here; docs/models.md lists what has.")
    return registry.interaction("transe-l1" if name == "transe" and interaction.p == 1 else name)


@torch.no_grad()
def _alike(scorer: Scorer, model: ERModel[Any, Any, Any]) -> bool:
    """Whether both score some facts, drawn with a seed, alike; loops among them, and relations of
    both directions."""
    generator = torch.Generator().manual_seed(0)
    ends = torch.randint(len(scorer.entities), (2, CHECKED), generator=generator)
    ends[1, ::8] = ends[0, ::8]
    kinds = torch.randint(scorer.relation_count, (CHECKED,), generator=generator)
    was = model.training
    model.eval()
    alike = True
    for inverse in (0, 1):
        ours = torch.stack([ends[0], kinds + inverse * scorer.relation_count, ends[1]], 1)
        theirs = torch.stack([ends[0], 2 * kinds + inverse, ends[1]], 1)
        scores = model.score_hrt(theirs.to(model.device))[:, 0].cpu()
        alike &= torch.allclose(scorer.pairs(ours), scores, ALIKE, ALIKE)
    model.train(was)
    return alike
