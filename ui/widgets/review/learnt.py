"""What decisions taught: rates by relation, what a threshold would bring, who agrees."""

from __future__ import annotations

import altair as alt
import pyarrow as pa
import streamlit as st

from kg_platform.curation.experience import MODEL, Experience, experience
from ui import resources
from ui.language import say
from ui.widgets import tables, text
from ui.widgets.review.words import kind_of_one


def show() -> None:
    rows = resources.ledger().reviews.verdicts()
    if not rows:
        text.hint(say("Nothing is decided yet. What you accept and reject shows here."))
        return
    relations = sorted({row.relation for row in rows if row.relation})
    relation = st.selectbox(
        say("Relation"),
        relations,
        index=None,
        placeholder=say("All relations"),
        key="review_learnt_relation",
        width=260,
    )
    found = experience(rows, relation)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header(say("What a threshold brings"), anchor=False)
        _thresholds(found)
    with right:
        st.header(say("Who decided alike"), anchor=False)
        _agreement(found)
    st.header(say("By relation"), anchor=False)
    _relations(found)


def _thresholds(found: Experience) -> None:
    points = [one for one in found.thresholds if one.decided]
    if not points:
        text.hint(say("Nothing that was shown with a probability is decided yet."))
        return
    table = pa.table(
        {
            "at": [100 * one.at_least for one in points],
            "share": [100 * (one.share or 0) for one in points],
            "decided": [one.decided for one in points],
            "accepted": [one.accepted for one in points],
        }
    )
    x = alt.X(
        "at:Q",
        title=say("Shown with at least this probability, %"),
        scale=alt.Scale(domain=[0, 100]),
    )
    shares = (
        alt.Chart(table)
        .mark_line(point={"size": 45}, interpolate="linear", strokeWidth=2.5)
        .encode(
            x=x,
            y=alt.Y(
                "share:Q", title=say("Of those, accepted, %"), scale=alt.Scale(domain=[0, 100])
            ),
            tooltip=[
                alt.Tooltip("at:Q", title=say("At least, %")),
                alt.Tooltip("decided:Q", title=say("Decided")),
                alt.Tooltip("accepted:Q", title=say("Accepted")),
                alt.Tooltip("share:Q", title=say("Share, %"), format=".0f"),
            ],
        )
    )
    st.altair_chart(shares.properties(height=240), width="stretch", key="review_thresholds")
    if found.error is not None:
        text.note(
            say(
                "What was shown with a probability was off by {error} on average, in ten bins.",
                error=f"{found.error:.0%}",
            )
        )
    with st.expander(say("As a table"), key="review_thresholds_table"):
        tables.show(
            {
                say("At least"): [f"{one.at_least:.0%}" for one in points],
                say("Decided"): [one.decided for one in points],
                say("Accepted"): [one.accepted for one in points],
                say("Share"): [f"{one.share or 0:.0%}" for one in points],
            },
            key="review_threshold_rows",
            height="content",
        )


def _agreement(found: Experience) -> None:
    if not found.agreements:
        text.hint(say("Nobody decided what somebody else, or the model, said something of."))
        return
    model = say("the model")
    tables.show(
        {
            say("One"): [_name(one.one, model) for one in found.agreements],
            say("Other"): [_name(one.other, model) for one in found.agreements],
            say("Both"): [one.both for one in found.agreements],
            say("Alike"): [f"{one.same / one.both:.0%}" for one in found.agreements],
        },
        key="review_agreement",
        height="content",
    )
    text.note(say("The model says yes from a probability of one half on."))


def _name(person: str, model: str) -> str:
    return model if person == MODEL else person


def _relations(found: Experience) -> None:
    tables.show(
        {
            say("Kind"): [kind_of_one(one.kind) for one in found.relations],
            say("Relation"): [one.relation or "—" for one in found.relations],
            say("Accepted"): [one.accepted for one in found.relations],
            say("Rejected"): [one.rejected for one in found.relations],
            say("Rate"): [f"{one.rate:.0%}" for one in found.relations],
            say("Expected"): [
                "—" if one.expected is None else f"{one.expected:.0%}" for one in found.relations
            ],
        },
        key="review_rates",
        height="content",
    )
    text.note(say("Expected is the mean probability that the decided ones were shown with."))
