"""The loop: batches, steps, validation, checkpoints, logs. What is learnt is decided elsewhere.

An epoch depends on its number, the seed and the state before it, on nothing else; so a training
that was killed goes on from its last saved epoch and ends where it would have ended anyway.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints
from embeddings.evaluation.ranking import Ranker, metrics
from embeddings.models.ensemble import Ensemble, name_of
from embeddings.models.interactions.registry import interaction
from embeddings.models.network import ModalityInputs, Network
from embeddings.numerics.device import device_of, in_bf16
from embeddings.numerics.memory import Room, cells, keep_freed
from embeddings.training import checkpoint, warm_start
from embeddings.training.checkpoint import State
from embeddings.training.cuda_graphs import Captured, Inputs
from embeddings.training.negative_sampling import Sampled
from embeddings.training.objective import Batch, Objective
from embeddings.training.one_vs_all import AgainstAll
from embeddings.training.optimisers import Optimisers, sparse_pays
from embeddings.training.options import AGAINST_ALL, LATER, TrainOptions, preset_options
from embeddings.training.result import Trained
from embeddings.training.tensorboard import Log, logs
from kg_platform.errors import BadInput
from kg_platform.progress import StepProgress

__all__ = ["TrainOptions", "Trained", "device_of", "logged_epoch", "preset_options", "train"]

_log = logging.getLogger(__name__)
NEXT_MEMBER = 10_000  # from the seed of a member to that of the next one
OPENING = 1  # what its generator's seed has beside that of the first epoch

# on_epoch(state) after every epoch; False ends the training there, with its checkpoint written.
OnEpoch = Callable[[State], bool]


def train(
    dataset: Dataset,
    options: TrainOptions,
    folder: Path,
    on_progress: StepProgress | None = None,
    on_epoch: OnEpoch | None = None,
    begin: warm_start.Start | None = None,
) -> Trained:
    """Train, or go on training, in `folder` (checkpoint, TensorBoard logs); `begin` with the
    weights of an earlier run.

    The best epoch by validation MRR wins; without validation triples the last one does. What
    `on_epoch` ended is trained so far, and goes on from there when it is trained again.

    Raises:
        BadInput: features are not finite, the device is not there, or the loss became NaN.
    """
    options = options.resolved(len(dataset.train), dataset.entities)
    device = device_of(options.device)
    keep_freed()
    modalities = warm_start.modalities(dataset, begin, options.video_pooling)
    networks: list[Network] = []
    states: list[State] = []
    notes: list[str] = []
    pace: dict[str, Tensor] = {}
    count = options.members

    def report(done: int, total: int) -> None:
        if on_progress is not None:
            on_progress(len(networks) * total + done, count * total)

    for member in range(count):
        place = folder if count == 1 else folder / f"member-{member}"
        own = member_options(options, member)
        network = _network(dataset, own, modalities).to(device)
        run = _MemberTraining(dataset, own, place, network, device, begin)
        if not run.resume() and begin is not None:
            begin.begin(network, run.optimisers, member)
        with logs(place, run.state.epoch) as log:
            run.until_done(log, report, on_epoch or _go_on)
        run.notes += run.captured.notes if run.captured else ()
        run.network.load_state_dict(run.best)
        networks.append(run.network.to("cpu"))
        states.append(run.state)
        notes += [note for note in run.notes if note not in notes]
        for name, tensor in warm_start.pace(run.optimisers):
            pace[name if count == 1 else name_of(member, name)] = tensor
        del run, network  # and the optimiser's state with it
    whole = networks[0] if count == 1 else Ensemble(networks)
    scorer = whole.scorer()
    return Trained(
        scorer=scorer,
        structure=whole.structure.detach(),
        options=options,
        modalities=modalities,
        shared=whole.shared(),
        history=[row for state in states for row in state.history],
        best_epoch=max(state.best_epoch for state in states),
        notes=notes,
        pace=pace,
        over_time=whole.over_time(),
    )


def member_options(options: TrainOptions, member: int) -> TrainOptions:
    """What a member is trained with: a seed of its own, and every second one predicts relations.

    Members that differ add more to each other than members that are alike (docs/benchmarks.md).
    """
    predicting = options.relation_prediction if options.members == 1 or member % 2 else 0.0
    seed = options.seed + member * NEXT_MEMBER
    return replace(options, members=1, seed=seed, relation_prediction=predicting)


def _network(
    dataset: Dataset, options: TrainOptions, modalities: dict[str, ModalityInputs]
) -> Network:
    network = Network(
        interaction(options.model),
        dataset.entities,
        dataset.relations,
        options.dimension,
        options.fusion,
        modalities,
        torch.Generator().manual_seed(options.seed),
    )
    network.loops.requires_grad_(options.loops == "learnt")
    return network


class _MemberTraining:
    """One training under way: network, optimiser, where it stands, the best weights so far."""

    def __init__(
        self,
        dataset: Dataset,
        options: TrainOptions,
        folder: Path,
        network: Network,
        device: torch.device,
        begin: warm_start.Start | None = None,
    ) -> None:
        self.dataset, self.options, self.folder = dataset, options, folder
        self.network, self.objective = network, objective(dataset, options, device)
        self.goes_on = begin is not None
        self.opening: Objective | None = None  # what is gone through before the first epoch
        if begin is not None and len(begin.fresh):
            self.opening = objective(dataset, options, device, begin.fresh)
        if network.fusion is not None:
            network.fusion.narrow = in_bf16(options.precision, device)
        network.row_sparse = sparse_pays(options, dataset.entities)
        self.optimisers = Optimisers(network, network.structure, options, network.row_sparse)
        self.state = State(fingerprint(dataset, options, begin))
        self.best: dict[str, Tensor] = {}
        self.notes: list[str] = [network.formula.note] if network.formula.note else []
        # Scores, and where they are distances what a gradient needs beside them.
        room = cells(device, copies=2)
        self.room = Room[Tensor](room, "scores", self.notes.append, least=dataset.entities)
        self.captured: Captured | None = None
        if isinstance(self.objective, AgainstAll) and self.objective.filled:
            self.captured = Captured(list(network.parameters()))
            network.pooled_whole = True
        sample = np.random.default_rng(options.seed).permutation(len(dataset.valid))
        self.valid = dataset.valid[np.sort(sample[: options.validation])]
        self.ranker = Ranker(dataset, self.valid, again=True)

    def resume(self) -> bool:
        """Go on from the checkpoint; False if there is none that can be used."""
        found = checkpoint.load(self.folder, self.state.fingerprint)
        if isinstance(found, str):
            self.notes.append(found)
        elif found is not None:
            self.state, tensors = found
            self._restore(tensors)
            self.notes.append(f"Training goes on after epoch {self.state.epoch}.")
            return True
        return False

    def until_done(self, log: Log, report: StepProgress, on_epoch: OnEpoch) -> None:
        if len(self.valid) == 0:
            self.notes.append(
                "There are no validation facts: every epoch is trained and the last one kept."
            )
        saver = checkpoint.Saver(self.folder)
        while self.state.epoch < self.options.epochs and not self.state.stopped:
            begun = time.perf_counter()
            loss = self._epoch(report)
            self._judge({"loss": loss, "seconds": time.perf_counter() - begun})
            log(self.state.history[-1], self.state.epoch, self.options.lr or 0.0)
            ended = self.state.stopped or self.state.epoch == self.options.epochs
            saver.save(self.state, self._tensors, must=ended)
            if not on_epoch(self.state):
                saver.save(self.state, self._tensors, must=True)
                return
        whole = self.options.epochs * len(self.objective)
        report(whole, whole)

    def _epoch(self, report: StepProgress) -> float:
        """Train one epoch, the first one after the opening; returns the mean loss."""
        steps = len(self.objective)
        before, whole = self.state.epoch * steps, self.options.epochs * steps
        rate = (1.0, 1.0)
        if self.goes_on and self.state.epoch == 0:
            rate = warm_start.FIRST_RATE
            if self.opening is not None:
                fast = (warm_start.OPENING_RATE, warm_start.OPENING_RATE)
                self._pass(self.opening, [self.options.seed, 0, OPENING], fast, lambda step: None)
        place = [self.options.seed, self.state.epoch]
        return self._pass(self.objective, place, rate, lambda step: report(before + step, whole))

    def _pass(
        self,
        objective: Objective,
        seed: list[int],
        rate: tuple[float, float],
        on_step: Callable[[int], None],
    ) -> float:
        """Go through an objective's batches, `rate` being the shares of the learning rate at the
        first and the last; returns the mean loss, whose sum stays on the device until the end."""
        generator = np.random.default_rng(seed)
        masks = torch.Generator().manual_seed(int(generator.integers(1 << 62)))
        self.network.train()  # a scorer has put the interaction's dropout to rest
        if self.network.interaction is not None:
            torch.manual_seed(masks.initial_seed())  # which that dropout draws from
        total = torch.zeros((), device=self.network.relations.device)
        for step, batch in enumerate(objective.batches(generator), 1):
            keep = self.network.draw(
                masks, self.options.modality_dropout, self.options.structure_dropout
            )
            total += self.room.run(partial(self._gradients, objective, batch, keep))
            self.optimisers.rate(rate[0] + (rate[1] - rate[0]) * step / len(objective))
            self.optimisers.step()
            on_step(step)
        mean = float(total) / len(objective)
        if not np.isfinite(mean):
            raise BadInput(
                "Training became unstable (the loss is not a number); choose a smaller lr."
            )
        return mean

    def _gradients(
        self, objective: Objective, batch: Batch, keep: Tensor | None, room: int
    ) -> Tensor:
        """Loss and gradients of a batch, with at most `room` scores in memory at a time."""
        # A batch that is worked off in blocks has to wait for the GPU: that cannot be captured.
        whole = len(batch[0]) * self.dataset.entities <= room
        if self.captured is not None and objective is self.objective and whole:
            return self.captured(self._captured_step, (keep, *batch))
        return self._step(objective, batch, keep, room)

    def _captured_step(self, inputs: Inputs) -> Tensor:
        keep, batch = inputs[0], tuple(each for each in inputs[1:] if each is not None)
        return self._step(self.objective, batch, keep, self.room.chunk)

    def _step(self, objective: Objective, batch: Batch, keep: Tensor | None, room: int) -> Tensor:
        self.optimisers.zero()
        loss = objective.loss(self.network, batch, keep, room)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _judge(self, row: dict[str, float]) -> None:
        """Validate, note the figures, keep the weights if they are the best so far."""
        state = self.state
        state.epoch += 1
        if len(self.valid):
            scorer = self.network.scorer()
            row["valid_mrr"] = metrics(self.ranker.rankings(scorer).ranks).mrr
        state.history.append({"epoch": float(state.epoch), **row})
        mrr = row.get("valid_mrr")
        if mrr is None or mrr > state.best_mrr:
            state.best_epoch, state.best_mrr = state.epoch, mrr if mrr is not None else -1.0
            self.best = {name: t.clone() for name, t in self.network.state_dict().items()}
        state.stopped = state.epoch - state.best_epoch >= self.options.patience

    def _tensors(self) -> dict[str, Tensor]:
        tensors = {f"network.{name}": t for name, t in self.network.state_dict().items()}
        if self.state.best_epoch != self.state.epoch:
            tensors |= {f"best.{name}": t for name, t in self.best.items()}
        return tensors | {f"optimiser.{name}": t for name, t in self.optimisers.state()}

    def _restore(self, tensors: dict[str, Tensor]) -> None:
        def part(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}

        self.network.load_state_dict(part("network."))
        best = part("best.") or part("network.")
        device = self.network.relations.device
        self.best = {name: tensor.to(device) for name, tensor in best.items()}
        self.optimisers.restore(part("optimiser."))


def fingerprint(
    dataset: Dataset, options: TrainOptions, begin: warm_start.Start | None = None
) -> str:
    """SHA-256 of everything an epoch depends on: resolved options, splits, rejections, features,
    the start."""
    # Options that came later say nothing while they change nothing: checkpoints of earlier versions
    # go on.
    said = {k: v for k, v in asdict(options).items() if k not in LATER or v != LATER[k]}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    if begin is not None:
        digest.update(begin.digest.encode())
    digest.update(dataset.split_hash.encode())
    digest.update(np.ascontiguousarray(dataset.rejected, dtype="<i8").tobytes())
    for name, features in dataset.features.items():
        digest.update(f"{name}|{features.encoder}|{features.revision}|".encode())
        digest.update(np.ascontiguousarray(features.present).tobytes())
        digest.update(np.ascontiguousarray(features.matrix, dtype=np.float32).tobytes())
        if features.items is not None and features.owners is not None:
            digest.update(np.ascontiguousarray(features.owners).tobytes())
            digest.update(np.ascontiguousarray(features.items, dtype=np.float32).tobytes())
        if features.parts is not None:
            digest.update(np.ascontiguousarray(features.parts, dtype="<i8").tobytes())
    return digest.hexdigest()


def logged_epoch(state: State) -> bool:
    """An `on_epoch` that writes every epoch into the run's log."""
    figures = ", ".join(f"{k} {v:.4g}" for k, v in state.history[-1].items() if k != "epoch")
    _log.info("epoch %d: %s", state.epoch, figures)
    return True


def _go_on(state: State) -> bool:
    del state
    return True


def objective(
    dataset: Dataset, options: TrainOptions, device: torch.device, facts: Ints | None = None
) -> Objective:
    """The objective of resolved options: of all training facts, or of some `facts` (k, 3)."""
    if options.loss in AGAINST_ALL:
        return AgainstAll(dataset, options, device, facts)
    some = dataset if facts is None else replace(dataset, train=facts)
    return Sampled(some, options, device)
