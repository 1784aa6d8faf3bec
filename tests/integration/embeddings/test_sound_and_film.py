"""Sound and film from files to answers, on the real database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from tests.support import command_line
from tests.support.recordings import film, moving, sound, tone

STATE = Statement(
    "MATCH (n:Entity) RETURN n.id AS id, n.audio_embedding AS audio, n.video_embedding AS video, "
    "n.embedding AS embedding, n.embedding_provisional AS provisional ORDER BY id"
)
INDEXES = Statement(
    "SHOW VECTOR INDEXES YIELD name, state WHERE name IN ['entity_audio_embedding', "
    "'entity_video_embedding'] RETURN name, state ORDER BY name"
)
PITCHES = {"low": 220.0, "high": 1_500.0}


def kg(*words: str, exit_code: int = 0) -> str:
    done = command_line.kg(*words)
    assert done.code == exit_code, f"{words}: {done.code}\n{done.out}\n{done.errors}"
    return done.out if exit_code == 0 else done.errors


def kg_json(*words: str) -> Any:
    return json.loads(kg(*words, "--json"))


def write_world(folder: Path) -> Path:
    """Birds that sing low or high; some are filmed, one with its song, and two have nothing."""
    folder.mkdir()
    rows: list[dict[str, Any]] = [{"id": name, "type": "Voice", "label": name} for name in PITCHES]
    facts = []
    for number in range(12):
        voice = ("low", "high")[number % 2]
        row: dict[str, Any] = {"id": f"B{number:02d}", "type": "Bird", "label": f"Bird {number}"}
        song = tone(PITCHES[voice] * (1 + number / 200), 1.0, beats=4)
        if number < 8:
            row["audio"] = f"{number}.wav"
            (folder / row["audio"]).write_bytes(sound(song))
        elif number < 10:
            row["video"] = f"{number}.mp4"
            pictures = moving(6, voice == "low", top=8 * (number - 6))
            wave = song if number == 9 else None
            (folder / row["video"]).write_bytes(film(pictures, wave=wave))
        rows.append(row)
        facts += [(row["id"], "SINGS", voice), (row["id"], "NEAR", f"B{(number + 2) % 12:02d}")]
    (folder / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "triples.tsv").write_text("".join("\t".join(fact) + "\n" for fact in facts))
    return folder


@pytest.fixture
def world(graph: Graph, neo4j_environment: Connection, tmp_path: Path) -> Path:
    folder = write_world(tmp_path / "world")
    kg("ingest", str(folder))
    return folder


def encoded(details: dict[str, int]) -> tuple[int, int, int]:
    """Contents, those with a vector (the plan has encoded a few), and those without."""
    return details["contents"], details["encoded"] + details["cached"], details["skipped"]


def state(graph: Graph) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in graph.read(STATE)}


def test_from_recordings_to_answers(world: Path, graph: Graph, tmp_path: Path) -> None:
    embed = ("embed", "--preset", "fast", "--dimension", "16", "--epochs", "4")
    made = kg_json(*embed)
    found = state(graph)
    heard = {name for name, row in found.items() if row["audio"]}
    seen = {name for name, row in found.items() if row["video"]}
    assert heard == {f"B{number:02d}" for number in (*range(8), 9)}  # a film's sound is one as well
    assert seen == {"B08", "B09"}
    for row in found.values():
        for vector in filter(None, (row["audio"], row["video"])):
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)
    assert [row["state"] for row in graph.read(INDEXES)] == ["ONLINE", "ONLINE"]
    steps = {step["name"]: step["details"] for step in kg_json("runs", made["run"])["steps"]}
    assert encoded(steps["sound features"]) == (9, 9, 0)
    assert encoded(steps["film features"]) == (2, 2, 0)
    assert "picture features" not in steps

    # Search by what is no entity's: a sound, a film for its sound, a film for its pictures.
    song, clip = tmp_path / "song.wav", tmp_path / "clip.mp4"
    song.write_bytes(sound(tone(PITCHES["high"], 2.0, beats=4)))
    clip.write_bytes(film(moving(6, top=16), wave=tone(PITCHES["low"], 1.0, beats=4)))
    high = kg_json("similar", "--audio", str(song), "-k", "3")
    assert {one["id"] for one in high} <= {"B01", "B03", "B05", "B07", "B09"}
    both = tmp_path / "both.wav"
    both.write_bytes(sound(np.concatenate([tone(PITCHES[v], 2.0, beats=4) for v in PITCHES])))
    assert kg_json("similar", "--audio", str(both), "--from", "2", "-k", "3") == high
    assert "no sound from 9 s to the end" in kg(
        "similar", "--audio", str(both), "--from", "9", exit_code=2
    )
    low = kg_json("similar", "--audio", str(clip), "-k", "3")
    assert {one["id"] for one in low} <= {"B00", "B02", "B04", "B06"}
    assert kg_json("similar", "--video", str(clip))[0]["id"] == "B08"
    assert kg_json("similar", "B01", "--by", "audio", "-k", "3")
    assert kg_json("similar", "B08", "--by", "video")[0]["id"] == "B09"
    silent = kg("similar", "--text", "a song", "--by", "audio", exit_code=2)
    assert "knows no texts" in silent
    song.write_bytes(b"no song")
    assert "cannot be used" in kg("similar", "--audio", str(song), exit_code=2)

    # Both are parts of what is explained.
    parts = {one["part"] for one in kg_json("explain", "B09", "SINGS", "high")["left_out"]}
    assert {"structure", "text", "audio", "video"} <= parts
    assert "sound" in kg("explain", "B09", "SINGS", "high")

    # A second job encodes nothing.
    again = kg_json(*embed, "--cold")
    steps = {step["name"]: step["details"] for step in kg_json("runs", again["run"])["steps"]}
    assert steps["sound features"]["encoded"] == steps["film features"]["encoded"] == 0

    # Who comes afterwards with nothing but a film, and who gets another song.
    news = tmp_path / "news"
    news.mkdir()
    (news / "new.mp4").write_bytes(film(moving(6, top=16), wave=tone(220, 1.0, beats=4)))
    (news / "0.wav").write_bytes(sound(tone(PITCHES["high"], 1.0, beats=4)))
    rows = [{"id": "N0", "type": "Bird", "video": "new.mp4"},
            {"id": "B00", "type": "Bird", "label": "Bird 0", "audio": "0.wav"}]  # fmt: skip
    (news / "entities.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = found["B00"]["audio"]
    kg("ingest", str(news), "--source", str(world))
    fitted = kg_json("embed", "--new-only")
    assert fitted["from_features"] + fitted["fitted"] == 2
    found = state(graph)
    assert found["N0"]["audio"]
    assert found["N0"]["video"]
    assert found["N0"]["provisional"]
    assert float(np.dot(found["B00"]["audio"], before)) < 0.9
    assert kg_json("status")
