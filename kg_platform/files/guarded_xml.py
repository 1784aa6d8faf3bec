"""XML of anybody, by expat: what may grow without end is refused while it is parsed."""

from __future__ import annotations

from xml.parsers import expat

from kg_platform.errors import BadInput

_MAX_DEPTH = 1_000


class GuardedXml:
    """An expat parser. XML may define entities that become a million times as long, so what begins
    to define any is refused, wherever it stands; and so is deep nesting, as the time of parsers
    grows with its square.

    Whoever wants more of it than that it is XML overrides `opened` and `closed`, or sets handlers
    of `parser`; with `namespaces`, a name has that of its namespace and a blank before it.
    """

    def __init__(self, doctype: str, *, namespaces: bool = False) -> None:
        """`doctype` is what to say of a file that has a <!DOCTYPE."""
        self.parser = expat.ParserCreate(None, " " if namespaces else None)
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._deeper
        self.parser.EndElementHandler = self._higher
        self._doctype = doctype
        self._depth = 0

    def parse(self, piece: bytes, *, last: bool) -> None:
        """Parse on.

        Raises:
            BadInput: there is a <!DOCTYPE. ExpatError: it is no XML. ValueError: it is nested too
                deep. LookupError: it names an encoding of no text.
        """
        self.parser.Parse(piece, last)

    def opened(self, name: str) -> None:
        """An element begins."""

    def closed(self, name: str) -> None:
        """An element ends."""

    def _deeper(self, name: str, _: object) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ValueError(f"elements are nested more than {_MAX_DEPTH:,} deep")
        self.opened(name)

    def _higher(self, name: str) -> None:
        self._depth -= 1
        self.closed(name)

    def _refuse(self, *_: object) -> None:
        raise BadInput(self._doctype)
