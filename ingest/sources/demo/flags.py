"""Flags for the demo world: SVGs out of the jar of `flag-icons`, drawn as PNGs once a machine.

The jar comes from the committed lock, like the server's jars. Drawn flags are kept in KG_CACHE,
in a folder named after everything their bytes depend on.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from kg_platform.errors import ServerError
from kg_platform.server.jars import fetch_jars, read_lock
from kg_platform.settings import Settings

LOCK = Path(__file__).with_name("sources.lock")
WIDTH, HEIGHT = 320, 240  # pixels; the jar has every flag in this 4:3 shape


def flags_version() -> str:
    """What a flag's bytes depend on: the jar, the renderer, the size."""
    (jar,) = read_lock(LOCK)
    return f"{jar.sha256[:16]}-resvg{version('resvg-py')}-{WIDTH}x{HEIGHT}"


def flags(
    settings: Settings,
    codes: Iterable[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, bytes]:
    """PNGs by alpha-2 code in lower case; a code without a flag is left out.

    Raises:
        ServerError: the jar cannot be fetched, or it is not one of flags.
    """
    wanted = sorted(set(codes))
    cache = settings.cache / "flags" / flags_version()
    cache.mkdir(parents=True, exist_ok=True)
    found = {code: path.read_bytes() for code in wanted if (path := cache / f"{code}.png").exists()}
    missing = [code for code in wanted if code not in found]
    if not missing:
        return found
    (jar,) = fetch_jars(LOCK, settings.cache, settings.maven_url)
    with zipfile.ZipFile(jar) as archive:
        drawings = _drawings(archive)
        todo = [code for code in missing if code in drawings]
        sources = {code: archive.read(drawings[code]).decode("utf-8") for code in todo}
    with ThreadPoolExecutor() as pool:
        drawn = zip(todo, pool.map(draw, sources.values()), strict=True)
        for number, (code, png) in enumerate(drawn, start=1):
            _keep(cache / f"{code}.png", png)
            found[code] = png
            if on_progress is not None:
                on_progress(number, len(todo))
    return found


def draw(svg: str) -> bytes:
    """An SVG as a PNG of WIDTH x HEIGHT pixels. No fonts: flags have no text."""
    import resvg_py

    png: bytes = resvg_py.svg_to_bytes(
        svg_string=svg, width=WIDTH, height=HEIGHT, skip_system_fonts=True
    )
    return png


def _drawings(archive: zipfile.ZipFile) -> dict[str, str]:
    """Code -> name of its 4x3 SVG in the jar."""
    names = (n for n in archive.namelist() if n.endswith(".svg") and "/flags/4x3/" in n)
    drawings = {name.rpartition("/")[2].removesuffix(".svg"): name for name in names}
    if not drawings:
        raise ServerError(f"The jar named in {LOCK.name} has no flags in it; restore the file.")
    return drawings


def _keep(path: Path, data: bytes) -> None:
    """Write it in one piece: another process may be drawing the same flag."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(name).replace(path)
