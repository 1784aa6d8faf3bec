"""What an `adopt.yaml` may say: which nodes of an existing graph are entities, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from kg_platform.cypher.adopting import NodeKind
from kg_platform.cypher.loading import RESERVED_LABELS, RESERVED_TYPES
from kg_platform.cypher.vocabulary import PREFIX
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.yaml_document import YamlDocument, read_yaml

_HINT = "`kg adopt --infer` proposes one to begin with"


def _listed(value: Any) -> Any:
    found = value if isinstance(value, list) else [] if value is None else [value]
    for name in found:
        if not isinstance(name, str):
            raise ValueError(f"put the name in quotes: without them it is {name!r} to YAML")
    return found


Names = Annotated[list[str], BeforeValidator(_listed)]


class NodeSpec(BaseModel):
    """How nodes of one label are entities; every name is one of the owner's properties."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Names = Field([], description="What tells the nodes apart; without it ids are made up.")
    label: Names = Field([], description="What to call a node: the first that it has.")
    texts: Names = Field([], description="What says something of it; the first one describes it.")
    aliases: Names = Field([], description="Other names of it; lists or texts.")
    pictures: Names = Field([], description="Paths of picture files; lists or texts.")


def _weighed(value: Any) -> Any:
    """A list of types is each of them with weight 1."""
    if isinstance(value, dict):
        return dict(zip(_listed(list(value)), value.values(), strict=True))
    return dict.fromkeys(_listed(value), 1.0)


Weights = Annotated[dict[str, Annotated[float, Field(ge=0, le=1e6)]], BeforeValidator(_weighed)]


def _spec(value: Any) -> Any:
    return {} if value is None else value


class AdoptionMapping(BaseModel):
    """A whole `adopt.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str = Field("kg_", description="Begins the platform's properties on nodes.")
    nodes: dict[str, Annotated[NodeSpec, BeforeValidator(_spec)]] = Field(
        description="By label; a node with several is of the first one here."
    )
    relationships: Weights = Field(
        {},
        description="The types that are learnt from, and how much a fact of each weighs; 0: not "
        "learnt from. None named: all between these nodes, each with 1.",
    )
    pictures_from: str | None = Field(
        None, description="The folder that paths of pictures begin in; as the file's, if relative."
    )

    @field_validator("prefix")
    @classmethod
    def _usable(cls, value: str) -> str:
        if not PREFIX.fullmatch(value):
            raise ValueError("a prefix is a letter, up to 30 letters or digits, and _, like kg_")
        return value

    @field_validator("nodes")
    @classmethod
    def _some(cls, value: dict[str, NodeSpec]) -> dict[str, NodeSpec]:
        if not value:
            raise ValueError("name a label at least")
        for label in value:
            if label in RESERVED_LABELS:
                raise ValueError(f"the label {label} is the platform's own; leave it out")
        return value

    @field_validator("relationships")
    @classmethod
    def _not_ours(cls, value: dict[str, float]) -> dict[str, float]:
        for name in value:
            if name in RESERVED_TYPES:
                raise ValueError(f"the type {name} is the platform's own; leave it out")
        if value and not any(value.values()):
            raise ValueError("every type has the weight 0; give one that is learnt from more")
        return value

    @property
    def learnt(self) -> dict[str, float]:
        """The types that are learnt from, with their weights; none means all."""
        return {name: weight for name, weight in self.relationships.items() if weight}

    @property
    def kinds(self) -> list[NodeKind]:
        """In the order in which a node is looked for in them."""
        found: list[NodeKind] = []
        for label, spec in self.nodes.items():
            found.append(
                NodeKind(
                    label,
                    key=tuple(spec.key),
                    names=tuple(spec.label),
                    texts=tuple(spec.texts),
                    aliases=tuple(spec.aliases),
                    pictures=tuple(spec.pictures),
                    before=tuple(kind.label for kind in found),
                )
            )
        return found


AdoptionDocument = YamlDocument[AdoptionMapping]


def read_document(path: Path) -> AdoptionDocument:
    """Raises: BadInput: the file is not as it should be; the message has the line."""
    return YamlDocument(path, read_yaml(path), AdoptionMapping, _HINT)


def in_place(document: AdoptionDocument) -> AdoptionMapping:
    """The mapping with the folder of its pictures, wherever a later command is run."""
    given = document.content
    folder = (document.path.parent / (given.pictures_from or ".")).resolve()
    return given.model_copy(update={"pictures_from": str(folder)})


def mapping_of(adoption: GraphAdoption) -> AdoptionMapping:
    """What a graph was adopted with."""
    return AdoptionMapping.model_validate_json(adoption.mapping)
