"""Media that records name: had, several at once, or why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple, TypeVar

from ingest.validate import shown
from kg_platform.errors import BadMedium, MediumGone, MediumNotFetched
from kg_platform.media.gallery import Gallery
from kg_platform.media.isolated import cores
from kg_platform.records import MediaRef, MediumRejection, Rejection

R = TypeVar("R")

THREADS = max(4, min(2 * cores(), 32))  # media at once; those of the web wait for their servers
_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")


class NamedMedium(NamedTuple):
    """A medium of an entity, and where the record that names it stands."""

    entity: str
    source: str
    line: int | None
    ref: MediaRef


def each_medium(
    named: Sequence[NamedMedium],
    gallery: Gallery,
    work: Callable[[MediaRef], R],
    reject: Callable[[Rejection], None],
) -> list[R | None]:
    """`work` of the gallery on every reference (decoding leaves Python's lock); None where it
    cannot be had, which is a rejection."""
    if not named:
        return []

    def one(named: NamedMedium) -> R | Rejection:
        try:
            return work(named.ref)
        except BadMedium as error:
            return _rejection(named, error)

    results: list[R | None] = []
    pool = ThreadPoolExecutor(THREADS)
    try:
        for result in pool.map(one, named):
            if isinstance(result, Rejection):
                reject(result)
                results.append(None)
            else:
                results.append(result)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)  # so that none of them begins anew
        gallery.close()  # nobody waits for what is being decoded
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return results


def _rejection(named: NamedMedium, error: BadMedium) -> Rejection:
    ref = named.ref
    location = _without_secrets(ref.location)
    told = named.source, named.line, ref.field, str(error), shown(location)
    if isinstance(error, MediumNotFetched):
        return Rejection(*told)
    kept = replace(ref, location=str(location))
    gone = isinstance(error, MediumGone)
    return MediumRejection(*told, entity=named.entity, ref=kept, gone=gone)


def _without_secrets(location: object) -> object:
    """An address as it may be kept: without the user and password in it."""
    return _USERINFO.sub("***@", location) if isinstance(location, str) else location
