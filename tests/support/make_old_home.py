"""Make a small KG_HOME and its graph with a version of `kg`, for tests of later versions.

python -m tests.support.make_old_home KG TARGET [PLACE]: `KG` is that version's command, `TARGET`
the folder to keep it in, `PLACE` the folder to work in. Only its command line and Neo4j's driver
are used. Paths and the host's name are kept in it, so let both be nobody's:

    unshare --uts sh -c 'hostname kg-host; python -m tests.support.make_old_home KG TARGET'
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

from kg_platform.graph.client import Connection
from tests.support import graph_file
from tests.support.old_home import OWN, READING, SMALL, STOPPED, TRAIN, WORKING, Question
from tests.support.worlds import write_world

LEFT_OUT = {"neo4j", "neo4j.lock", "embed.lock"}


class Maker:
    def __init__(self, kg: Path, place: Path) -> None:
        self.kg, self.place, self.home = kg.absolute(), place, place / "home"

    def make(self, target: Path) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        save_small_bert(self.place / SMALL)
        try:
            runs = self._work()
            graph_file.save(self._connection(), target / "graph.jsonl")
            self._pack(target / "home.tar.xz")
            answers = {name: self._answer(q, runs) for name, q in (READING | WORKING).items()}
        finally:
            self._run("db", "stop")
        kept = {"runs": runs, "answers": answers}
        (target / "answers.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")

    def _work(self) -> dict[str, str]:
        """Everything that is in it; the ids of its runs."""
        self._run("ingest", str(write_first(self.place / "world")))
        first = self._json(*TRAIN)["run"]
        self._run("review", "propose", "--top", "6", "--at-least", "0", "--json")
        self._run("review", "accept", "1", "--note", "seen")
        self._run("review", "reject", "2", "--note", "no such thing")
        self._run("review", "propose", "--duplicates", "--json")
        for item in self._json("review", "list", "--kind", "duplicate", "--json")["items"]:
            if {item["head"], item["tail"]} == {"C04", "C04b"}:
                self._run("review", "accept", str(item["id"]), "--keep", "C04")
        self._run("ingest", str(write_second(self.place / "news")))
        (self.home / "canaries.tsv").write_text("C04\tC07\t30\n", "utf-8")
        second = self._json(*TRAIN)["run"]
        self._run("ingest", str(write_third(self.place / "more")))
        self._run("embed", "--new-only", "--json")
        plan = ("--cron", "0 3 * * 1", "--timezone", "Europe/Berlin", "--when-changed", "5%")
        self._run("schedule", "add", "weekly", *plan, "--", "--preset", "fast")
        self._stop_half_way()
        rows = self._json("runs", "--json")
        of = {kind: [r["id"] for r in rows if r["kind"] == kind] for kind in ("ingest", "embed")}
        new = next(row["id"] for row in rows if row["kind"] == "embed-new")
        runs = {"first": first, "second": second, "new": new, "ingest": of["ingest"][-1]}
        return {**runs, "stopped": of["embed"][0]}

    def _stop_half_way(self) -> None:
        """A training that is stopped as soon as there is a checkpoint."""
        job = subprocess.Popen([self.kg, *STOPPED], cwd=self.place, env=self._environment(OWN))
        while job.poll() is None and not [*self.home.glob("runs/*/training/checkpoint.*")]:
            time.sleep(0.002)
        job.send_signal(signal.SIGINT)
        if job.wait() != 130:
            raise SystemExit(f"The training was not stopped: it ended with {job.returncode}.")

    def _pack(self, file: Path) -> None:
        def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
            if Path(member.name).name in LEFT_OUT:
                return None
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            return member

        with tarfile.open(file, "w:xz", preset=9) as archive:
            for name in ("home", SMALL):
                archive.add(self.place / name, name, filter=nobodys)

    def _answer(self, question: Question, runs: dict[str, str]) -> Any:
        return json.loads(self._run(*question.of(runs), encoder=question.encoder))

    def _connection(self) -> Connection:
        lines = self._run("db", "env").splitlines()
        said = dict(line.split("=", 1) for line in lines if "=" in line)
        values = [said[f"NEO4J_{name}"].strip("'\"") for name in ("URI", "USERNAME", "PASSWORD")]
        return Connection(*values)

    def _json(self, *words: str) -> Any:
        return json.loads(self._run(*words))

    def _run(self, *words: str, encoder: str = SMALL) -> str:
        print("kg", *words, file=sys.stderr, flush=True)
        command = [str(self.kg), *words]
        where: dict[str, Any] = {"cwd": self.place, "env": self._environment(encoder)}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **where)
        if done.returncode:
            print(f"It ended with {done.returncode}.\n{done.stdout}", file=sys.stderr)
            raise SystemExit(1)
        return done.stdout

    def _environment(self, encoder: str) -> dict[str, str]:
        ours = {"KG_HOME": str(self.home), "KG_USER": "ann", "KG_TEXT_ENCODER": encoder}
        others = {k: v for k, v in os.environ.items() if not k.startswith("KG_") or k == "KG_CACHE"}
        return {**others, **ours, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def write_first(folder: Path) -> Path:
    """A world with a row that is rejected, and a country that is there twice."""
    write_world(folder)
    again = {"id": "C04b", "type": "Country", "label": "Country 4"}
    _add(folder, [again], [("C04b", "LANGUAGE", "lang-1"), ("C00", "BORDERS", "C99")])
    return folder


def write_second(folder: Path) -> Path:
    """A text that has changed, and a new country."""
    rows = [
        {"id": "C05", "type": "Country", "label": "Country 5", "description": "A harbour."},
        {"id": "C24", "type": "Country", "label": "Country 24", "description": "A country."},
    ]
    _add(folder, rows, [("C24", "IN_REGION", "region-north"), ("C24", "BORDERS", "C03")])
    return folder


def write_third(folder: Path) -> Path:
    """One more country, which no training has seen."""
    row = {"id": "N0", "type": "Country", "label": "Country 25", "description": "A new country."}
    facts = [
        ("N0", "IN_REGION", "region-south"),
        ("N0", "BORDERS", "C04"),
        ("C07", "BORDERS", "N0"),
    ]
    _add(folder, [row], facts)
    return folder


def save_small_bert(folder: Path) -> None:
    """A text encoder of eight numbers that knows the words of this world, saved as hubs do."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ("a", "country", "in", "region", "with", "rivers", "and", "harbour", "language", "new")
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *words, *map(str, range(26))]
    vocabulary = {name: i for i, name in enumerate(names)}
    BertTokenizerFast(vocab=vocabulary, model_max_length=24).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(names), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=24, initializer_range=0.5,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)


def _add(folder: Path, rows: list[dict[str, str]], facts: list[tuple[str, str, str]]) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / "entities.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    with (folder / "triples.tsv").open("a", encoding="utf-8") as file:
        file.writelines("\t".join(fact) + "\n" for fact in facts)


if __name__ == "__main__":
    # What a shell starts in the background ignores Ctrl-C, and so would the `kg` that is stopped.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    where = Path(sys.argv[3]) if len(sys.argv) > 3 else Path("/srv/kg-old")
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    Maker(Path(sys.argv[1]), where).make(Path(sys.argv[2]).absolute())
