"""Spreadsheets of tests, by hand, as nothing that is installed writes them."""

from __future__ import annotations

import base64
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_STYLES = (
    f"<styleSheet {_MAIN}><cellXfs><xf numFmtId='0'/><xf numFmtId='14' applyNumberFormat='1'/>"
    "<xf numFmtId='22' applyNumberFormat='1'/></cellXfs></styleSheet>"
)
_BEGIN = datetime(1899, 12, 30)


def write_xlsx(
    path: Path,
    sheets: Mapping[str, Mapping[str, Any]],
    *,
    hidden: Sequence[str] = (),
    merged: Sequence[str] = (),
) -> Path:
    """A workbook: sheets by name, cells by address (`B2`). A bytes value is the cell's XML."""
    names = list(sheets)
    state = {name: ' state="hidden"' if name in hidden else "" for name in names}
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="r{at}"{state[name]}/>'
        for at, name in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="r{at}" Type="{_DOC}/worksheet" Target="worksheets/s{at}.xml"/>'
        for at, _ in enumerate(names, 1)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
            f'Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        file.writestr(
            "xl/workbook.xml",
            f'<workbook {_MAIN} xmlns:r="{_DOC}"><sheets>{listed}</sheets></workbook>',
        )
        file.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{links}<Relationship Id="st" '
            f'Type="{_DOC}/styles" Target="styles.xml"/></Relationships>',
        )
        file.writestr("xl/styles.xml", _STYLES)
        for at, name in enumerate(names, 1):
            areas = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
            more = f"<mergeCells>{areas}</mergeCells>" if areas else ""
            file.writestr(f"xl/worksheets/s{at}.xml", _sheet(sheets[name], more))
    return path


def _sheet(cells: Mapping[str, Any], more: str) -> str:
    lines: dict[int, list[str]] = {}
    for address, value in cells.items():
        line = int("".join(sign for sign in address if sign.isdigit()))
        lines.setdefault(line, []).append(_cell(address, value))
    rows = "".join(f'<row r="{line}">{"".join(found)}</row>' for line, found in lines.items())
    return f"<worksheet {_MAIN}><sheetData>{rows}</sheetData>{more}</worksheet>"


def _cell(address: str, value: Any) -> str:
    if isinstance(value, bytes):
        return f'<c r="{address}"{value.decode()}</c>'
    if isinstance(value, bool):
        return f'<c r="{address}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime):
        days = (value - _BEGIN).total_seconds() / 86_400
        return f'<c r="{address}" s="2"><v>{days!r}</v></c>'
    if isinstance(value, date):
        days = (datetime(value.year, value.month, value.day) - _BEGIN).days
        return f'<c r="{address}" s="1"><v>{days}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{address}"><v>{value!r}</v></c>'
    return (
        f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    )


def write_ods(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """An OpenDocument spreadsheet of texts, numbers and dates."""
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>"
        + "".join(
            f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
        )
        + "</table:table>"
        for name, rows in sheets.items()
    )
    of = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{of}:office:1.0" xmlns:table="{of}:table:1.0" '
            f'xmlns:text="{of}:text:1.0"><office:body><office:spreadsheet>{tables}'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        file.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{of}:manifest:1.0"/>',
        )
    return path


def _ods_cell(value: Any) -> str:
    if isinstance(value, date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    elif value is None:
        return "<table:table-cell/>"
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def write_xlsb(path: Path, name: str, rows: Sequence[Sequence[str | float]]) -> Path:
    """A binary workbook with one sheet of texts and numbers."""

    def record(kind: int, body: bytes) -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
        size, length = len(body), b""
        while True:
            length += bytes([size & 127 | (128 if size > 127 else 0)])
            size >>= 7
            if not size:
                return head + length + body

    def text(value: str) -> bytes:
        return len(value).to_bytes(4, "little") + value.encode("utf-16-le")

    def cell(at: int, value: str | float) -> bytes:
        place = struct.pack("<II", at, 0)
        if isinstance(value, str):
            return record(6, place + text(value))
        return record(5, place + struct.pack("<d", value))

    lines = b"".join(
        record(0, struct.pack("<I", at) + bytes(13)) + b"".join(map(cell, range(len(row)), row))
        for at, row in enumerate(rows)
    )
    size = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    links = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        file.writestr(
            "xl/_rels/workbook.bin.rels",
            f'{links}<Relationship Id="r1" Type="{_DOC}/worksheet" Target="worksheets/s1.bin"/>'
            "</Relationships>",
        )
        sheet = record(156, struct.pack("<II", 0, 1) + text("r1") + text(name))
        file.writestr(
            "xl/workbook.bin", record(143, b"") + sheet + record(144, b"") + record(132, b"")
        )
        body = record(148, size) + record(145, b"") + lines + record(146, b"")
        file.writestr("xl/worksheets/s1.bin", record(129, b"") + body + record(130, b""))
    return path


def write_xls(path: Path) -> Path:
    """What Excel 97 would write for a sheet `Old` with id, day; 7, 2020-02-29; öl."""
    path.write_bytes(zlib.decompress(base64.b85decode("".join(_XLS))))
    return path


_XLS = (
    "c-rk)O=uHA6#izDG(Wb<rlw*mgix^B+8)G<mv&XEJ*8GJ{vc@T=1>|^30~^OYRyp)JSkoZ_29v(7k^MeZz4iP4}u",
    "^hdh{fycxbb}_p(cqh|r)GD)TM#&6_uG=DlR*&HlVzjF;x_b(PV8A^1>n!f2_{DJo&FVS@S{hefXrQE@cZ6~ZA}$",
    "d&*ex4jDT8uEIVVc@R+IWh2&$_bpo=u|$NT0`uU7&3}u7$jD>L7FH!C8~De)505t?}+6S;XR_cEIdfIC3PH&)@a{",
    "ucNZTux}`4)p7()_c`urs=)eo!#pkc6s%-#!3lo{#I_pUKTQLt>(2;CDTi|vKHxU7j5eCxff#Km2613R!_~xX5uU",
    "=L^OKJVu>J>=;qh25UjXp$+*r>m1_<<QXrzA;=*no<Udwe*UvzM?LK52mW_k>M?otY-_doIGKxn#dtm;G&$6|KZJ",
    "Vj{;SH%xNBbnDBT^!S){QZzGi;#cnrTR99kxWFT5a1?O;if8l*?-0Hyvu+W&OE^Irm+GFe4p%rZD>j#;w}<@f61=",
    "sx)yUgPE`C1rFj@R$^^&|WQa+bhcxTO_o9<IKjpu6?{i<JGzs7iEd9`xSkPpJ0znmu_!*pYJ+?!tv%bY=kxNx<_|",
    "BiC)RfGLg@}a~&DQDKp+x(l@(vXq$GaF*bJY=-vJ_~e`tsnvo4Gj$q4Gj$qjX#BQpU?S8ouA+X?pr|6{jRf2rJ_H",
    "R{I@uaDZ0+mOXYs#sV-o;sr|DF0p-o5RyoG|UdT8?-V2z-xWqBp^!}x{I92<5Rz1-Cdnwec|4K7){$u|?0jWLBqW",
)
