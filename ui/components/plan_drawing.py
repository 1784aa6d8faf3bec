"""A plan of Neo4j's drawn as a tree (`plan_tree/`): rows and database accesses as bars."""

from __future__ import annotations

from typing import Any

from kg_platform.browse.plan import figures, shares
from kg_platform.graph.values import PlanStep
from ui.components.served import served
from ui.language import say

_component = served("plan_tree")


def draw(plan: PlanStep, ran: bool, key: str) -> None:
    """Show it; `ran`: with what each operator took."""
    of_all = shares(plan)

    def step(one: PlanStep) -> dict[str, Any]:
        found = figures(one)
        share = (found["hits"] or 0) / (of_all["hits"][1] or 1)
        words = {name: "" if v is None else f"{v:,}" for name, v in found.items()}
        if found["hits"]:
            words["hits"] += f" · {share:.0%}"
        return {
            "operator": one.operator.partition("@")[0],
            "details": str(one.arguments.get("Details", "")),
            "figures": words,
            "shares": {
                "hits": share,
                "rows": (found["rows"] or 0) / (of_all["rows"][0] or 1),
                "estimated": (found["estimated"] or 0) / (of_all["estimated"][0] or 1),
            },
            "children": [step(child) for child in one.children],
        }

    _component(
        key=key,
        data={
            "root": step(plan),
            "ran": ran,
            "words": {
                "operator": say("Operator"),
                "rows": say("Rows"),
                "hits": say("Database accesses"),
                "estimated": say("Estimated rows"),
            },
        },
    )
