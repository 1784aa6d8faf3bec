"""An answer of what is alike, its lists linked (alike/), and its examples as chips (examples/)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from embeddings.answers.nearest import Neighbour
from embeddings.answers.similar import SimilarAnswer
from kg_platform.browse.entities import EntityRow
from ui import navigation, resources
from ui.components.served import served
from ui.language import say

_answer = served("alike", html="<article><section></section></article>")
_examples = served("examples", html="<article></article>")


@dataclass(frozen=True)
class Acts:
    """What a person may do with an entity of an answer, by its id. Without `why` nothing is offered
    to compare it with."""

    like: Callable[[str], None]
    unlike: Callable[[str], None]
    why: Callable[[str], None] | None


def answer(found: SimilarAnswer, names: dict[str, str], acts: Acts, key: str) -> None:
    """The answer; `names` are what the ways are called. `key` is unique on the page."""
    rows = resources.rows(
        tuple(
            dict.fromkeys(
                one.id for one in [*found.found, *(n for w in found.ways for n in w.found)]
            )
        )
    )
    several = len(found.ways) > 1
    items = [
        {
            **_item(one, rows),
            "image": resources.thumbnail(rows[one.id].picture, resources.SMALL),
            "parts": [
                {
                    "title": names[way.way],
                    "score": f"{found.scores[one.id].get(way.way, 0.5):.2f}",
                    "size": max(0.0, 2 * found.scores[one.id].get(way.way, 0.5) - 1),
                }
                for way in (found.ways if several else ())
            ],
        }
        for one in found.found
        if one.id in rows
    ]
    lists = [
        {
            "title": names[way.way],
            "share": f"{way.share:.0%}",
            "items": [_item(one, rows) for one in way.found if one.id in rows],
        }
        for way in (found.ways if several else ())
    ]
    words = {
        "found": say("What is most alike"),
        "why": say("Why?") if acts.why else "",
        "like": say("More like this"),
        "unlike": say("Less like this"),
    }

    def done(trigger: str, act: Callable[[str], None]) -> Callable[[], None]:
        def callback() -> None:
            if (chosen := getattr(st.session_state[key], trigger, None)) is not None:
                act(chosen)

        return callback

    _answer(
        key=key,
        data={"items": items, "lists": lists, "words": words},
        on_like_change=done("like", acts.like),
        on_unlike_change=done("unlike", acts.unlike),
        on_why_change=done("why", acts.why or (lambda _: None)),
    )


def examples(
    like: Sequence[EntityRow],
    unlike: Sequence[EntityRow],
    removed: Callable[[str, str], None],
    key: str,
) -> None:
    """Entities that an answer should be like, and not like; `removed` gets "like" or "unlike" and
    the id."""
    groups = [("like", say("Like these"), like), ("unlike", say("Not like these"), unlike)]
    data = {
        "remove": say("Take away"),
        "groups": [
            {
                "kind": kind,
                "title": title,
                "items": [
                    {
                        "id": row.id,
                        "label": row.label,
                        "href": _address(row.id),
                        "image": resources.thumbnail(row.picture, resources.SMALL),
                    }
                    for row in rows
                ],
            }
            for kind, title, rows in groups
        ],
    }

    def gone() -> None:
        if (said := st.session_state[key].removed) is not None:
            removed(*said.split(" ", 1))

    _examples(key=key, data=data, on_removed_change=gone)


def _item(one: Neighbour, rows: dict[str, EntityRow]) -> dict[str, str]:
    return {
        "id": one.id,
        "label": rows[one.id].label,
        "note": one.type or "",
        "score": f"{one.score:.2f}",
        "href": _address(one.id),
    }


def _address(entity_id: str) -> str:
    return navigation.address("entity", id=entity_id)
