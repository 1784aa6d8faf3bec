"""TensorBoard's server beside the explorer: one that died, and one that says nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kg_platform.settings import Settings
from ui.widgets import tensorboard

SPEAKS = "print('http://127.0.0.1:1/', flush=True); input()"


def test_one_that_died_is_started_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script, real, begun = [SPEAKS], subprocess.Popen, []

    def popen(command: list[str], **options: Any) -> subprocess.Popen[str]:
        begun.append(real([sys.executable, "-c", script[0]], **options))
        return begun[-1]

    monkeypatch.setattr(tensorboard.subprocess, "Popen", popen)
    monkeypatch.setattr(tensorboard.resources, "settings", lambda: Settings(home=tmp_path))
    tensorboard._server.clear()
    try:
        assert tensorboard._server().address == "http://127.0.0.1:1/"
        tensorboard._server()
        assert len(begun) == 1
        begun[0].kill()
        begun[0].wait()
        monkeypatch.setattr(tensorboard, "SECONDS", 0.1)
        script[0] = "input()"
        assert tensorboard._server().address == ""
        assert begun[1].returncode is not None, "nobody waits for it"
        monkeypatch.setattr(tensorboard, "SECONDS", 60)
        script[0] = SPEAKS
        assert tensorboard._server().address == "http://127.0.0.1:1/"
    finally:
        tensorboard._server.clear()
        for process in begun:
            process.kill()
            process.communicate()
