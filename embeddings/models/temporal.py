"""Films as the network reads them: what follows what, by a temporal convolution network.

After Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and recurrent
networks for sequence modeling" (arXiv:1803.01271, 2018): residual blocks of convolutions over time,
whose dilation doubles from block to block. Theirs are causal, as they predict what comes next; a
film lies there whole, so ours look both ways. For the inputs z_1 .. z_T of a film's pictures

    h = z N,    h <- h + relu(conv_d(h)) for d = 1, 2, 4, 8,    y = mean over time of h,
    x = mean over all pictures of z + mean over the entity's films of y O,

with convolutions of width 3, so that each y has seen 31 pictures. O starts at 0: training starts
from the mean. Places behind the end of a film are a mask: they are 0 before and after each
convolution, and count in no mean. The order of pictures is all that tells two films of the same
pictures apart.

Weights are held at unit scale and multiplied by their initial deviation where they are used
(Karras et al. 2018, "equalized learning rate"): Adagrad's first steps are of one size whatever the
weight, and would be larger than weights that small.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from embeddings.models.modalities import ModalityInputs

CHANNELS = 64
DILATIONS = (1, 2, 4, 8)
_SPAN = 3


class TemporalPool(nn.Module):
    """The inputs of a modality, entities with films pooled over time.

    O(films * T * (w C + 4 * 3 C^2)) for T the longest film's pictures, C channels.
    """

    def __init__(self, modality: ModalityInputs, generator: torch.Generator) -> None:
        super().__init__()
        assert modality.items is not None
        assert modality.owners is not None
        assert modality.parts is not None
        items, width = modality.items, modality.items.shape[1]
        keys = torch.stack([modality.owners, modality.parts], 1)
        films, lengths = torch.unique_consecutive(keys, dim=0, return_counts=True)
        pooled, counts = torch.unique_consecutive(films[:, 0], return_counts=True)
        longest = int(lengths.max()) if len(lengths) else 0
        within = torch.arange(longest).expand(len(lengths), -1)
        there = within < lengths[:, None]
        starts = lengths.cumsum(0) - lengths
        place = torch.full((len(modality.inputs),), -1)
        place[pooled] = torch.arange(len(pooled))
        means = torch.zeros(len(pooled), width).index_add(0, place[modality.owners], items)
        pictures = torch.bincount(place[modality.owners], minlength=len(pooled))
        for name, tensor in {
            "items": items,
            "films": torch.where(there, starts[:, None] + within, 0),  # (f, T) rows of `items`
            "there": there,  # (f, T)
            "pooled": pooled,  # (k,) the entities with films
            "place": place,  # (N,) their places in `pooled`, -1 for the others
            "counts": counts,  # (k,) films of each
            "starts": counts.cumsum(0) - counts,  # (k,) the first of its films
            "means": means / pictures.clamp(min=1)[:, None],  # (k, w)
        }.items():
            self.register_buffer(name, tensor, persistent=False)

        def unit(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, generator=generator))

        self.narrow = unit(width, CHANNELS)
        self.steps = nn.ParameterList(unit(CHANNELS, CHANNELS, _SPAN) for _ in DILATIONS)
        self.biases = nn.Parameter(torch.zeros(len(DILATIONS), CHANNELS))
        self.out = nn.Parameter(torch.zeros(CHANNELS, width))

    def forward(self, inputs: Tensor, rows: Tensor | None = None) -> Tensor:
        """Inputs (N, w) of all entities, or (n, w) of `rows`, with the pooled ones in place."""
        if rows is None:
            every = torch.arange(len(self.get_buffer("pooled")), device=inputs.device)
            return inputs.index_copy(0, self.get_buffer("pooled"), self._of(every))
        place = self.get_buffer("place")[rows]
        at = torch.nonzero(place >= 0).squeeze(1)
        different, which = torch.unique(place[at], return_inverse=True)
        return inputs.index_copy(0, at, self._of(different)[which])

    def _of(self, places: Tensor) -> Tensor:
        """(p,) places of entities -> (p, w)."""
        counts = self.get_buffer("counts")[places]
        whose = torch.arange(len(places), device=places.device).repeat_interleave(counts)
        first = self.get_buffer("starts")[places].repeat_interleave(counts)
        within = torch.arange(len(whose), device=places.device)
        within = within - (counts.cumsum(0) - counts).repeat_interleave(counts)
        moved = self._moved(first + within) / counts[whose, None]
        return torch.index_add(self.get_buffer("means")[places], 0, whose, moved)

    def _moved(self, films: Tensor) -> Tensor:
        """(m,) films -> (m, w) what their order in time adds."""
        there = self.get_buffer("there")[films].to(self.narrow.dtype)
        pictures = self.get_buffer("items")[self.get_buffer("films")[films]]
        mask = there[:, None]  # (m, 1, T)
        scale = self.narrow.shape[0] ** -0.5
        h = (pictures @ (self.narrow * scale)).transpose(1, 2) * mask
        for step, bias, dilation in zip(self.steps, self.biases, DILATIONS, strict=True):
            weight = step * (2 / (CHANNELS * _SPAN)) ** 0.5
            h = h + torch.relu(
                nn.functional.conv1d(h, weight, bias, padding=dilation, dilation=dilation)
            )
            h = h * mask
        y = h.sum(2) / there.sum(1, keepdim=True).clamp(min=1)
        return torch.matmul(y, self.out * CHANNELS**-0.5)
