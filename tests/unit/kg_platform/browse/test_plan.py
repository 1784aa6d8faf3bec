from __future__ import annotations

from kg_platform.browse.plan import figures, shares, steps
from kg_platform.graph.values import PlanStep


def test_a_plan_is_a_table_with_its_branches() -> None:
    scans = [
        PlanStep("NodeByLabelScan@neo4j", {"Details": f"{n}:A", "EstimatedRows": 2.4}, ())
        for n in "ab"
    ]
    found = {"Details": "", "EstimatedRows": 0.4, "Rows": 3, "DbHits": 7}
    plan = PlanStep("ProduceResults@neo4j", found, (PlanStep("Apply@neo4j", {}, tuple(scans)),))
    table = steps(plan, ran=False)
    assert table.columns == ["operator", "details", "estimated_rows"]
    assert table.rows == [
        ["+ProduceResults", "", 0],
        ["+Apply", "", None],
        ["| +NodeByLabelScan", "b:A", 2],
        ["+NodeByLabelScan", "a:A", 2],
    ]
    ran = steps(plan, ran=True)
    assert ran.columns[3:] == ["rows", "db_hits"]
    assert ran.rows[0][3:] == [3, 7]


def test_of_each_figure_the_largest_and_the_sum() -> None:
    scan = PlanStep("AllNodesScan@neo4j", {"EstimatedRows": 10.0, "Rows": 9, "DbHits": 30}, ())
    plan = PlanStep(
        "ProduceResults@neo4j", {"EstimatedRows": 2.6, "Rows": 3, "DbHits": 10}, (scan,)
    )
    assert figures(plan) == {"rows": 3, "hits": 10, "estimated": 3}
    assert shares(plan) == {"rows": (9, 12), "hits": (30, 40), "estimated": (10, 13)}
    unrun = PlanStep("ProduceResults@neo4j", {}, ())
    assert figures(unrun) == {"rows": None, "hits": None, "estimated": None}
    assert shares(unrun)["hits"] == (0, 0)
