"""Names inside Cypher: labels, relationship types, property keys."""

from __future__ import annotations

from collections.abc import Sequence

from kg_platform.errors import BadInput

MAX_NAME_BYTES = 1_000


def quote(name: str) -> str:
    r"""`name` in backticks, safe as a label, relationship type or property key.

    Backticks are doubled. Cypher decodes ``\uXXXX`` before it parses, even between backticks, so
    a backslash is written as its own escape, and so is the sign that marks names of ours.

    Raises:
        BadInput: the name is empty, too long, or holds a NUL.
    """
    if not name.strip():
        raise BadInput("A label, relationship type or property key is empty; give it a name.")
    if "\x00" in name:
        raise BadInput(
            "A label, relationship type or property key holds a NUL character; remove it."
        )
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise BadInput(
            f"The name {name[:40]!r}… is longer than {MAX_NAME_BYTES} bytes; shorten it."
        )
    written = name.replace("\\", "\\u005C").replace("«", "\\u00AB")
    return "`" + written.replace("`", "``") + "`"


def one_of(name: str, labels: Sequence[str]) -> str:
    """The rest of a condition that says which labels a node may have; none means any."""
    if not labels:
        return ""
    return " AND (" + " OR ".join(f"{name}:{quote(label)}" for label in labels) + ")"
