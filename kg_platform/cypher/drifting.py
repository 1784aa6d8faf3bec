"""What is kept of drift: on the run's own node, so that whoever asks sees what was measured."""

from __future__ import annotations

# $run, $drift, $facts
NOTE = """
MATCH (r:EmbeddingRun {id: $run})
SET r.world_drift = $drift, r.world_drift_facts = $facts, r.world_drift_at = datetime()
"""
# -> drift, facts, at; no row: nothing is published, or it was not measured
NOTED = """
MATCH (r:EmbeddingRun) WHERE r.current AND r.world_drift IS NOT NULL
RETURN r.world_drift AS drift, r.world_drift_facts AS facts, toString(r.world_drift_at) AS at
ORDER BY r.published_at DESC LIMIT 1
"""
