"""Several networks of one kind, trained apart with seeds of their own, as one.

Their vectors stand side by side. Where scores are products, the score of the joined vectors is the
sum of the members' scores: an ensemble that is one vector an entity, in one index.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from embeddings.models.network import Network
from embeddings.models.scorer import Scorer


class Ensemble(nn.Module):
    """`entities()` and the rest as `Network` has them, D and Dr being the sums of the members'.

    Members have the same formula, entities, relations and modalities, and fusions without gates.
    """

    def __init__(self, members: Sequence[Network]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self._all = tuple(members)
        first = members[0]
        self.formula, self.names, self.interaction = first.formula, first.names, first.interaction
        self.structure = self._joined([member.structure for member in members])
        self.relations = self._joined([member.relations for member in members])
        self.loops = torch.stack([member.loops.detach() for member in members]).sum(0)

    def entities(self, rows: Tensor | None = None, keep: Tensor | None = None) -> Tensor:
        """Fused vectors of all entities (N, D), or of `rows` (n, D)."""
        return self._joined([member.entities(rows, keep) for member in self._all])

    def heads(
        self,
        rows: Tensor,
        relations: Tensor,
        keep: Tensor | None = None,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """Vectors (B, D) of `rows` as heads."""
        del vectors  # the members need their own
        return self._joined([member.heads(rows, relations, keep) for member in self._all])

    def parts(
        self, rows: Tensor | None = None, keep: Tensor | None = None, asking: bool = False
    ) -> Tensor:
        """What structure and each modality add, (n, 1 + M, D), to a vector or to a head."""
        return self._joined([member.parts(rows, keep, asking) for member in self._all])

    def components(self, rows: Tensor | None = None, keep: Tensor | None = None) -> Tensor | None:
        """(n, 1, D) the vectors as heads; None when they are those of `entities`."""
        parts = [member.components(rows, keep) for member in self._all]
        return self._joined([part for part in parts if part is not None]) if self.names else None

    def gates(self) -> None:
        """There are none."""

    @torch.no_grad()
    def over_time(self) -> dict[str, Tensor]:
        """As `Network.over_time`: the mean direction of what the members give."""
        found = [member.over_time() for member in self._all]
        return {
            name: nn.functional.normalize(torch.stack([one[name] for one in found]).sum(0), dim=1)
            for name in found[0]
        }

    def there_is(self, rows: Tensor | None = None, keep: Tensor | None = None) -> Tensor:
        """(n, 1 + M) what of each entity is used: it is there, and kept."""
        return self._all[0].there_is(rows, keep)

    @torch.no_grad()
    def scorer(self) -> Scorer:
        """What scores facts with these weights as they are now."""
        entities, components = self.entities(), self.components()
        return Scorer(self.formula, entities, self.relations, components, loops=self.loops)

    def shared(self) -> dict[str, Tensor]:
        """The weights that all entities share, each under its member's number."""
        return {
            name_of(number, name): tensor
            for number, member in enumerate(self._all)
            for name, tensor in member.shared().items()
        }

    def _joined(self, vectors: Sequence[Tensor]) -> Tensor:
        return self.formula.join([v.detach() for v in vectors])


def name_of(member: int, name: str) -> str:
    """What a member's weight is called among those of all."""
    return f"members.{member}.{name}"
