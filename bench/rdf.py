"""N-Triples to records that were checked, without a server; rdflib's parsing alone beside it."""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.sources.registry import open_source
from ingest.validate import check_entity, check_relation
from kg_platform.records import Entity, Relation

R, ONTOLOGY = "http://example.org/resource/", "http://example.org/ontology/"
RDFS, XSD = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2001/XMLSchema#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
A_SUBJECT = 12  # statements
RDFLIB_SHARE = 20  # it reads so much less: it takes a minute for 500,000


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "facts.nt")
        for order in ("by subject", "shuffled"):
            count = write(path, options.statements, order == "shuffled")
            found = alone(path)
            wall, spent = found.pop("wall"), found.pop("cpu")
            yield {
                "what": f"N-Triples to checked records, {order}",
                "statements": count,
                **found,
                "megabytes": round(path.stat().st_size / 2**20),
                "statements_per_cpu_second": round(count / spent),
                "statements_per_second": round(count / wall),
                "goal": ">= 100,000 a second",
            }
            if order == "by subject":
                ours = count / spent
        if importlib.util.find_spec("rdflib") is None:
            yield {"skipped": "rdflib is not installed; the comparison needs it"}
            return
        count = write(path, options.statements // RDFLIB_SHARE, False)
        theirs = count / rdflib_seconds(path)
        yield {
            "what": "rdflib, parsing alone",
            "statements": count,
            "statements_per_cpu_second": round(theirs),
            "speed_ratio": round(ours / theirs, 1),
            "goal": ">= 8",
        }


def write(path: Path, statements: int, shuffled: bool) -> int:
    """Statements like those of an encyclopaedia: a type, three texts, three values, five links."""
    chance = random.Random(1)
    subjects = statements // A_SUBJECT
    lines: list[str] = []
    for i in range(subjects):
        s = f"<{R}Entity_{i}>"
        day = f"{1000 + i % 1000}-0{1 + i % 9}-1{i % 10}"
        lines += [
            f"{s} <{TYPE}> <{ONTOLOGY}Class{i % 20}> .\n",
            f'{s} <{RDFS}label> "Entity number {i}"@en .\n',
            f'{s} <{RDFS}label> "Ding Nummer {i}"@de .\n',
            f'{s} <{RDFS}comment> "A thing, number {i}, with \\"quotes\\" and some words."@en .\n',
            f'{s} <{ONTOLOGY}population> "{i * 3}"^^<{XSD}integer> .\n',
            f'{s} <{ONTOLOGY}area> "{i / 7:.3f}"^^<{XSD}double> .\n',
            f'{s} <{ONTOLOGY}founded> "{day}"^^<{XSD}date> .\n',
        ]
        for predicate in ("partOf", "near", "capital", "knows", "memberOf"):
            lines.append(
                f"{s} <{ONTOLOGY}{predicate}> <{R}Entity_{chance.randrange(subjects)}> .\n"
            )
    if shuffled:
        chance.shuffle(lines)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    return len(lines)


def alone(path: Path) -> dict[str, float]:
    """`read` in a process that has done nothing else."""
    command = [sys.executable, "-c", f"from bench.rdf import measure; measure({str(path)!r})"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(path: str) -> None:
    """Print what `read` finds, its seconds, and the most memory the process had."""
    wall, cpu = time.perf_counter(), time.process_time()
    found: dict[str, float] = {**read(Path(path))}
    found["wall"], found["cpu"] = time.perf_counter() - wall, time.process_time() - cpu
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    found["peak_mb"] = int(peak.split()[1]) // 1024
    print(json.dumps(found))


def read(path: Path) -> dict[str, int]:
    entities = relations = refused = 0
    for record in open_source(path).records():
        if isinstance(record, Entity):
            entities += 1
            refused += len(check_entity(record).rejections)
        elif isinstance(record, Relation):
            relations += 1
            refused += len(check_relation(record))
        else:
            refused += 1
    return {"entities": entities, "relations": relations, "refused": refused}


def rdflib_seconds(path: Path) -> float:
    """Processor seconds of parsing into rdflib's own graph."""
    import rdflib

    begun = time.process_time()
    rdflib.Graph().parse(path, format="nt")
    return time.process_time() - begun
