"""What is alike: like these and not like those, a text, a picture, a sound or a film, in ways that
people weigh; why two are alike; and the answers of two runs side by side.

The address holds the question: `?id=A&id=B&not=C&by=text&by=image`, a comparison:
`?id=A&compare=B`, or two runs:
`?id=A&runs=ONE&runs=OTHER`. What is uploaded is in none.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import streamlit as st

from embeddings.answers.filtering import parsed
from embeddings.answers.similar import SimilarAnswer
from embeddings.answers.two_runs import RankedEntity
from kg_platform.browse.entities import EntityRow
from kg_platform.modality import BY_NAME
from ui import resources
from ui.components import alike, cards
from ui.language import say
from ui.widgets import example_picker, neighbours
from ui.widgets import text as plain
from ui.widgets import why as reasons

LIKE, UNLIKE, BY, COMPARE, RUNS = "id", "not", "by", "compare", "runs"
KINDS = ("image", "audio", "video")


# ---- the address


def given(name: str) -> list[str]:
    return list(dict.fromkeys(one for one in st.query_params.get_all(name) if one))


def put(name: str, values: Sequence[str]) -> None:
    if values:
        st.query_params[name] = list(values)
    elif name in st.query_params:
        del st.query_params[name]


def add(kind: str, entity_id: str) -> None:
    """One more example, and no longer one of the other kind."""
    other = UNLIKE if kind == LIKE else LIKE
    put(other, [one for one in given(other) if one != entity_id])
    put(kind, list(dict.fromkeys([*given(kind), entity_id])))


def remove(kind: str, entity_id: str) -> None:
    name = LIKE if kind == "like" else UNLIKE
    put(name, [one for one in given(name) if one != entity_id])


def compare(other: str) -> None:
    put(COMPARE, [other])


def leave() -> None:
    put(COMPARE, [])
    put(RUNS, [])


# ---- the question


def ask(like: list[str], unlike: list[str]) -> None:
    """The question at the left, and its answer."""
    left, right = st.columns([1, 2.3], gap="large")
    with left:
        example_picker.example_picker(add, "similar")
        rows = resources.rows((*like, *unlike))
        gone = [one for one in (*like, *unlike) if one not in rows]
        alike.examples(
            [rows.get(one, EntityRow(one, one)) for one in like],
            [rows.get(one, EntityRow(one, one)) for one in unlike],
            remove,
            key="similar_examples",
        )
        text = st.text_input(
            say("Like a text"),
            key="similar_text",
            bind="query-params",
            placeholder=say("Words, or a sentence: island monarchy"),
            icon=":material/notes:",
        )
        files = uploaded()
        weights = chosen_weights()
        type, where, count = filters()
    with right:
        if gone:
            plain.alert(
                say(
                    "The address names what is not in the graph: {ids}. Take it away at the left.",
                    ids=", ".join(gone),
                )
            )
            return
        if not (like or text.strip() or files):
            if unlike:
                plain.hint(say("Add something that it should be like, beside what it should not."))
            else:
                plain.hint(say("Find an entity, write a text or add a file at the left."))
            cards.samples("similar_samples")
            return
        with plain.errors():
            kept = parsed([where]) if where.strip() else {}
            with st.spinner(say("Comparing …"), show_time=False):
                found = neighbours.alike(
                    like, unlike, text.strip() or None, weights, type, kept, count, files
                )
            show(found, like)


def uploaded() -> dict[str, bytes]:
    """A picture, sound or film by the name of its modality, shown or played."""
    with st.expander(say("Like a picture, a sound or a film"), icon=":material/perm_media:"):
        file = st.file_uploader(
            say("Like a picture, a sound or a film"),
            key="similar_file",
            label_visibility="collapsed",
        )
    if file is None:
        return {}
    kind = (file.type or "").partition("/")[0]
    data = file.getvalue()
    if kind not in KINDS:
        plain.alert(say("This is no picture, sound or film; choose another file."))
        return {}
    with plain.errors():
        if kind == "image":
            shown = preview(data)
            st.image(shown, width=160, alt=say("The picture you chose"))
        elif kind == "audio":
            st.audio(data)
        else:
            st.video(data, width=260)
        return {kind: data}
    return {}


@st.cache_data(max_entries=20, show_spinner=False)
def preview(data: bytes) -> bytes:
    picture = resources.picture(data)
    picture.thumbnail((resources.CARD, resources.CARD))
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return packed.getvalue()


def chosen_weights() -> dict[str, float]:
    """How much each way counts, by hand where several are chosen; nothing: what fits."""
    names = neighbours.names()
    run = resources.overview().current_run or {}
    there = [way for way in names if way not in BY_NAME or run.get(BY_NAME[way].setting)]
    # By hand: a bound widget would put the names of the reader's language into the address.
    asked = given(BY)

    def chosen() -> None:
        put(BY, [way for way in there if st.session_state[f"similar_way_{way}"]])

    plain.heading(say("Compare by"))
    with st.container(horizontal=True):
        for way in there:
            st.session_state.setdefault(f"similar_way_{way}", way in asked)
            st.checkbox(names[way], key=f"similar_way_{way}", on_change=chosen)
    ways = [way for way in there if st.session_state[f"similar_way_{way}"]]
    if not ways:
        plain.note(say("Nothing chosen: entities by everything, a text or a file by its own kind."))
    if len(ways) < 2:
        return dict.fromkeys(ways, 1.0)
    return {
        way: st.slider(
            say("Weight: {name}", name=names[way]),
            0.0,
            3.0,
            1.0,
            0.1,
            key=f"similar_weight_{way}",
            bind="query-params",
        )
        for way in ways
    }


def filters() -> tuple[str | None, str, int]:
    """Type, property=value, and how many."""
    types = list(resources.overview().by_type)
    type: str | None = st.selectbox(
        say("Only of type"),
        types,
        index=None,
        placeholder=say("Any"),
        key="similar_type",
        bind="query-params",
    )
    where = st.text_input(
        say("Only with a property"),
        key="similar_where",
        bind="query-params",
        placeholder=say("property=value"),
        icon=":material/filter_alt:",
    )
    count: int = st.selectbox(
        say("How many"), [10, 20, 50], key="similar_count", bind="query-params"
    )
    return type, where, count


# ---- its answer


def show(found: SimilarAnswer, like: Sequence[str]) -> None:
    if not found.found:
        plain.hint(say("Nothing is left by the filter. Take it away, or choose another."))
        return
    acts = alike.Acts(
        lambda one: add(LIKE, one),
        lambda one: add(UNLIKE, one),
        compare if len(like) == 1 else None,
    )
    alike.answer(found, neighbours.names(), acts, key="similar_found")
    for sentence in looked(found):
        plain.note(sentence)
    if len(like) == 1:
        runs_to_compare()


def looked(found: SimilarAnswer) -> list[str]:
    """How the answer was found, where that is not the index alone."""
    names = neighbours.names()
    said = []
    if found.silent:
        ways = ", ".join(names[way] for way in found.silent)
        said.append(say("What was given has no vector by: {ways}. It was left out.", ways=ways))
    for way in found.ways:
        at, name = f"{way.looked.at:,}", names[way.way]
        match way.looked.how:
            case "filter":
                said.append(say("{name}: filtered inside the index.", name=name))
            case "scan":
                said.append(
                    say("{name}: {count} entities compared one by one.", name=name, count=at)
                )
            case "wider" if way.looked.all:
                said.append(say("{name}: filtered among the nearest {count}.", name=name, count=at))
            case "wider":
                said.append(
                    say(
                        "{name}: filtered among the nearest {count}; more may match further away.",
                        name=name,
                        count=at,
                    )
                )
    return said


# ---- why, and two runs


def back() -> None:
    st.button(say("Back to the answer"), icon=":material/arrow_back:", key="similar_back",
              on_click=leave)  # fmt: skip


def comparison(one: str, other: str) -> None:
    back()
    st.header(say("Why similar?"), anchor=False)
    with plain.errors():
        with st.spinner(say("Looking for reasons …")):
            found = neighbours.why(one, other)
        reasons.why(found)


def runs_to_compare() -> None:
    """Two runs whose answers can be compared: their artifacts are here."""
    folder = resources.settings().artifacts_dir
    there = sorted((one.name for one in folder.iterdir()), reverse=True) if folder.is_dir() else []
    if len(there) < 2:
        return
    with st.expander(say("Compare the answers of two runs"), key="similar_runs_box"):
        left, right = st.columns(2)
        first = left.selectbox(say("One run"), there, index=1, key="similar_run_one")
        second = right.selectbox(say("Other run"), there, index=0, key="similar_run_other")

        def go() -> None:
            put(RUNS, [first, second])

        st.button(say("Compare"), key="similar_runs_go", on_click=go, disabled=first == second)


def two_runs(entity_id: str, runs: tuple[str, str]) -> None:
    back()
    st.header(say("The answers of two runs"), anchor=False)
    names = neighbours.names()
    st.session_state.setdefault("similar_runs_by", next(iter(given(BY)), "embedding"))
    way: str = st.selectbox(
        say("Compare by"),
        list(names),
        format_func=names.__getitem__,
        key="similar_runs_by",
        on_change=lambda: put(BY, [st.session_state["similar_runs_by"]]),
        width=180,
    )
    with plain.errors():
        found = neighbours.of_two_runs(entity_id, runs, way, 20)
        plain.note(
            say(
                "{kept} of {count} are in both answers. The graph shows the names; ids are of the "
                "runs.",
                kept=found.kept,
                count=len(found.one),
            )
        )
        for column, run, side in zip(
            st.columns(2, gap="large"), found.runs, (found.one, found.other), strict=True
        ):
            with column:
                plain.heading(run)
                ranked(side, run)


def ranked(side: Sequence[RankedEntity], key: str) -> None:
    rows = resources.rows(tuple(one.id for one in side))
    shown = [
        cards.Card(
            rows.get(one.id, EntityRow(one.id, one.id)),
            moved(one, place),
            f"{one.score:.2f}",
        )
        for place, one in enumerate(side, 1)
    ]
    cards.cards(shown, key=f"similar_run_{key}")


def moved(one: RankedEntity, place: int) -> str:
    if one.elsewhere is None:
        return say("{place}. only here", place=place)
    return say("{place}. there {other}.", place=place, other=one.elsewhere)


# ----

st.title(say("Similar"))
like, unlike = given(LIKE), given(UNLIKE)
other, runs = given(COMPARE), given(RUNS)
if other and like:
    comparison(like[0], other[0])
elif len(runs) == 2 and like:
    two_runs(like[0], (runs[0], runs[1]))
else:
    ask(like, unlike)
