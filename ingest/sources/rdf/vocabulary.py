"""What well-known predicates and classes mean for an entity."""

from __future__ import annotations

LANGUAGE = "en"  # of labels and descriptions, unless another one is asked for

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_FOAF = "http://xmlns.com/foaf/0.1/"
_DC = "http://purl.org/dc/elements/1.1/"
_TERMS = "http://purl.org/dc/terms/"
_SCHEMA = ("http://schema.org/", "https://schema.org/")

TYPE = RDF + "type"
LIST, FIRST, REST, NIL = (RDF + name for name in ("List", "first", "rest", "nil"))

# In order: where an entity has several, the first of these gives the label.
LABELS = (
    _RDFS + "label",
    _SKOS + "prefLabel",
    *(schema + "name" for schema in _SCHEMA),
    _FOAF + "name",
    _TERMS + "title",
    _DC + "title",
)
ALIASES = (
    _SKOS + "altLabel",
    _SKOS + "hiddenLabel",
    *(schema + "alternateName" for schema in _SCHEMA),
    _TERMS + "alternative",
    _FOAF + "nick",
)
DESCRIPTIONS = (
    _RDFS + "comment",
    _SKOS + "definition",
    *(schema + "description" for schema in _SCHEMA),
    _TERMS + "description",
    _DC + "description",
)
# Classes that say nothing of what a thing is: the type is another one where there is one.
GENERIC = frozenset(
    {_OWL + "Thing", _OWL + "NamedIndividual", _RDFS + "Resource"}
)  # fmt: skip
