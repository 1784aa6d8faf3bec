"""When steps are captured, and what happens where they cannot be; on a GPU see test_gpu.py.

The graph here is a stand-in that does the step again on the inputs that were kept.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from embeddings.training import cuda_graphs
from embeddings.training.cuda_graphs import Captured, Inputs, Step, _Graph


class Again:
    """A graph by doing the captured step again, into the same places."""

    def __init__(self, step: Step, kept: Inputs, parameter: nn.Parameter) -> None:
        self.step, self.kept, self.parameter = step, kept, parameter
        self.loss, self.gradient = torch.zeros(()), torch.zeros_like(parameter)
        self.replays = 0

    def replay(self) -> None:
        self.replays += 1
        self.parameter.grad = None
        self.loss.copy_(self.step(self.kept))
        assert self.parameter.grad is not None
        self.gradient.copy_(self.parameter.grad)


class World:
    """One parameter, and a step whose loss is its product with the input, summed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.weight = nn.Parameter(torch.tensor([2.0, 3.0]))
        self.graphs: list[Again] = []
        self.failure: RuntimeError | None = None
        monkeypatch.setattr(Captured, "_beside", lambda _, step, inputs: step(inputs))
        monkeypatch.setattr(Captured, "_capture", lambda _, step, inputs: self._graph(step, inputs))
        monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
        self.made = Captured([self.weight])

    def _graph(self, step: Step, inputs: Inputs) -> _Graph:
        if self.failure is not None:
            raise self.failure
        kept = tuple(None if each is None else each.clone() for each in inputs)
        self.graphs.append(graph := Again(step, kept, self.weight))
        return _Graph(graph, kept, graph.loss, [graph.gradient])

    def step(self, inputs: Inputs) -> Tensor:
        assert inputs[1] is not None
        self.weight.grad = None
        loss = (self.weight * inputs[1]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def does(self, *rows: Any) -> None:
        """Do a step on these rows, and look at what it leaves."""
        x = torch.tensor(rows)
        assert float(self.made(self.step, (None, x))) == float((self.weight.detach() * x).sum())
        assert self.weight.grad is not None
        assert torch.equal(self.weight.grad, x.sum(0))


def test_a_shape_is_captured_after_it_was_seen_and_then_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    for at in range(cuda_graphs.WARM_UP):
        world.does([1.0, at])
    assert not world.graphs
    for at in range(4):
        world.does([at, 5.0])
        world.does([at, 5.0], [1.0, 1.0])  # another shape, which is seen for the first times
    assert [graph.replays for graph in world.graphs] == [4, 1]
    assert world.made.notes == ()


def test_only_so_many_shapes_are_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graphs, "MOST", 1)
    world = World(monkeypatch)
    for _ in range(6):
        world.does([1.0, 2.0])
        world.does([1.0, 2.0], [3.0, 4.0])
    assert [graph.replays for graph in world.graphs] == [3]


def test_what_cannot_be_captured_is_done_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.failure = RuntimeError("operation not permitted when stream is capturing\nand more")
    for at in range(6):
        world.does([1.0, at])
    (note,) = world.made.notes
    assert "could not be captured (operation not permitted when stream is capturing)" in note
    world.failure = None
    world.does([1.0, 2.0])
    assert not world.graphs, "it is not tried again"


def test_where_memory_runs_out_everything_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    for at in range(5):
        world.does([1.0, at])
    assert len(world.graphs) == 1

    def too_large(inputs: Inputs) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(torch.OutOfMemoryError):
        world.made(too_large, (None, torch.ones(3, 2)))
    for at in range(5):  # with less room now, captured anew
        world.does([1.0, at])
    assert len(world.graphs) == 2
    assert world.made.notes == ()


def test_memory_that_runs_out_in_a_capture_makes_no_step_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.failure = torch.OutOfMemoryError("CUDA out of memory.")
    for at in range(6):
        world.does([1.0, at])
    (note,) = world.made.notes
    assert "too little memory" in note
