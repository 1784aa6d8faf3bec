from __future__ import annotations

from kg_platform.browse.plan import steps
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
