"""Steps that a GPU does again and again, captured once and replayed: CUDA graphs.

A step of training is some hundred small pieces of work, and handing each to the GPU takes longer
than most of them take. A graph hands them over together. It does the same things to the same
memory every time, so a batch is copied into the place where the captured one was, and batches must
have few different shapes (`one_vs_all.AgainstAll.filled`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from embeddings.numerics.memory import out_of_memory

Inputs = tuple[Tensor | None, ...]
Step = Callable[[Inputs], Tensor]
MOST = 8  # graphs; batches of more shapes than that are not worth the memory
WARM_UP = 3  # steps before a capture: libraries set themselves up in the first ones


class _Graph(NamedTuple):
    graph: Any  # torch.cuda.CUDAGraph
    inputs: Inputs
    loss: Tensor
    gradients: list[Tensor | None]


class Captured:
    """A step on a GPU, which leaves gradients in `parameters` and returns the loss ().

    A shape of the inputs that was seen `WARM_UP` times is captured. Where that fails steps are done
    as they are, and `notes` says so. The loss is overwritten by the next step.
    """

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self._parameters = parameters
        self._graphs: dict[Any, _Graph] = {}
        self._seen: dict[Any, int] = {}
        self._gave_up = False
        self._pool: Any = None
        self.notes: tuple[str, ...] = ()

    def __call__(self, step: Step, inputs: Inputs) -> Tensor:
        """Do `step(inputs)`, which is the same step every time; `inputs` may be on the CPU."""
        try:
            return self._do(step, inputs)
        except RuntimeError as error:
            if out_of_memory(error):
                self.forget()
            raise

    def forget(self) -> None:
        """Let go of everything captured, and of its memory."""
        self._graphs.clear()
        self._seen.clear()
        self._pool = None
        for each in self._parameters:
            each.grad = None  # which may be in a graph's memory

    def _do(self, step: Step, inputs: Inputs) -> Tensor:
        shapes = tuple(None if each is None else (each.shape, each.dtype) for each in inputs)
        if shapes in self._graphs:
            return self._replay(self._graphs[shapes], inputs)
        seen = self._seen[shapes] = self._seen.get(shapes, 0) + 1
        if self._gave_up or len(self._graphs) >= MOST:
            return step(inputs)
        if seen <= WARM_UP:
            return self._beside(step, inputs)
        try:
            found = self._graphs[shapes] = self._capture(step, inputs)
        except RuntimeError as error:  # CUDA's, or of a step that waits for the GPU
            # Without a graph the same step has just fitted, so memory that ran out is no reason to
            # make it smaller.
            why = "there is too little memory" if out_of_memory(error) else _first_line(error)
            self._gave_up = True
            self.notes = (f"Steps could not be captured ({why}), so they take longer.",)
            self.forget()
            torch.cuda.synchronize()
            return step(inputs)
        return self._replay(found, inputs)

    def _beside(self, step: Step, inputs: Inputs) -> Tensor:
        """Run a step on the stream that captures, as a capture wants it."""
        stream = _stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            loss = step(inputs)
        torch.cuda.current_stream().wait_stream(stream)
        return loss

    def _capture(self, step: Step, inputs: Inputs) -> _Graph:
        """Capture a step on copies of these inputs; nothing is computed yet."""
        device = self._parameters[0].device
        kept = tuple(None if each is None else each.to(device, copy=True) for each in inputs)
        graph = torch.cuda.CUDAGraph()
        for each in self._parameters:
            each.grad = None  # so that gradients are made in the graph's own memory
        with torch.cuda.graph(graph, pool=self._pool, stream=_stream()):
            loss = step(kept)
        self._pool = graph.pool()  # graphs run one after the other, so they share one
        return _Graph(graph, kept, loss, [each.grad for each in self._parameters])

    def _replay(self, found: _Graph, inputs: Inputs) -> Tensor:
        for place, each in zip(found.inputs, inputs, strict=True):
            if place is not None and each is not None:
                place.copy_(each, non_blocking=True)
        found.graph.replay()
        for parameter, gradient in zip(self._parameters, found.gradients, strict=True):
            parameter.grad = gradient
        return found.loss


@cache
def _stream() -> Any:
    """Where steps run that are, or are about to be, captured; one, for each has a workspace."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
