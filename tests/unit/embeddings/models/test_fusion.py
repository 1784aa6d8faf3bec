"""Every fusion: masks, what is dropped, gradients, gates, the start.

Each test runs for every fusion there is, so that a new one cannot be without.
"""

from __future__ import annotations

import pytest
import torch

from embeddings.models.fusion import FUSIONS, Concat, Fusion, fusion, masked_softmax
from embeddings.models.interactions.registry import interaction
from embeddings.models.network import Network, prepare
from tests.support.facts import ENTITIES, features

WIDTH, RELATIONS = 12, 3
WIDTHS = {"text": 7, "image": 5}
TEXT = features("text", WIDTHS["text"], 0.6)
IMAGE = features("image", WIDTHS["image"], 0.3, seed=1)
NAMES = sorted(FUSIONS)


def network(name: str, text: bool = True, image: bool = True) -> Network:
    """A network as it may be after some training: no parameter is 0."""
    modalities = {}
    if text:
        modalities["text"] = prepare(TEXT, ENTITIES)
    if image:
        modalities["image"] = prepare(IMAGE, ENTITIES)
    generator = torch.Generator().manual_seed(0)
    made = Network(interaction("distmult"), ENTITIES, RELATIONS, WIDTH, name, modalities, generator)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(generator=generator)
    return made


def everything() -> torch.Tensor:
    return torch.ones(ENTITIES, 3, dtype=torch.bool)


def some(seed: int = 0) -> torch.Tensor:
    """What may be kept of each entity; some keep nothing."""
    return torch.rand(ENTITIES, 3, generator=torch.Generator().manual_seed(seed)) < 0.5


def asked() -> torch.Tensor:
    return torch.arange(ENTITIES) % (2 * RELATIONS)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_vector_is_the_one_written_down(name: str) -> None:
    """e = sum of a_m c_m over what is there, entity by entity."""
    made, keep = network(name), some()
    assert made.fusion is not None
    weights = made.fusion.weights(made.structure, made.inputs(), made.there_is(None, keep))
    missing = torch.zeros(2, WIDTH)
    if isinstance(made.fusion, Concat):
        missing = made.fusion.missing + made.fusion.missing_roles
    found, parts = made.entities(keep=keep), made.parts(keep=keep)
    for entity in range(ENTITIES):
        expected = [torch.zeros(WIDTH)] * 3
        if keep[entity, 0]:
            expected[0] = weights[entity, 0] * made.structure[entity]
        for index, given in enumerate((TEXT, IMAGE)):
            if given.present[entity] and keep[entity, 1 + index]:
                projection = made.fusion.projections[index] + made.fusion.roles[index]
                x = made.inputs()[index][entity] @ projection
                expected[1 + index] = weights[entity, 1 + index] * x
            else:
                expected[1 + index] = missing[index]
        torch.testing.assert_close(parts[entity], torch.stack(expected))
        torch.testing.assert_close(found[entity], torch.stack(expected).sum(0))


def test_some_rows_are_those_of_all(name: str) -> None:
    made, keep, rows = network(name), some(), torch.tensor([3, 1, 30, 3])
    for kept in (None, keep):
        torch.testing.assert_close(made.entities(rows, kept), made.entities(keep=kept)[rows])
        torch.testing.assert_close(made.parts(rows, kept), made.parts(keep=kept)[rows])


@pytest.mark.parametrize("column", [1, 2])
def test_dropped_is_the_same_as_never_there(name: str, column: int) -> None:
    made, keep = network(name), everything()
    keep[:, column] = False
    dropped, heads = made.entities(keep=keep), made.heads(torch.arange(40), asked(), keep)
    made.get_buffer("there")[:, column] = False
    torch.testing.assert_close(dropped, made.entities())
    torch.testing.assert_close(heads, made.heads(torch.arange(40), asked()))


def test_keeping_everything_changes_nothing_and_adds_nothing(name: str) -> None:
    made = network(name)
    torch.testing.assert_close(made.entities(keep=everything()), made.entities())


def test_what_is_missing_or_dropped_is_never_read(name: str) -> None:
    made, keep = network(name), some()
    used = made.there_is(None, keep)
    before = made.entities(keep=keep)
    with torch.no_grad():
        made.structure[~used[:, 0]] = 1e6
        for index, modality in enumerate(WIDTHS, 1):
            made.get_buffer(f"{modality}_inputs")[~used[:, index]] = 1e6
    torch.testing.assert_close(made.entities(keep=keep), before)


def test_every_part_an_entity_has_matters(name: str) -> None:
    made, keep = network(name), some()
    used, before = made.there_is(None, keep), made.entities(keep=keep)
    tables = [made.structure.data, *(made.get_buffer(f"{m}_inputs") for m in WIDTHS)]
    for index, table in enumerate(tables):
        table += 1.0
        changed = (made.entities(keep=keep) - before).abs().sum(1) > 1e-4
        assert torch.equal(changed, used[:, index])
        table -= 1.0


def test_an_entity_of_which_nothing_is_kept_has_a_vector_and_a_gradient(name: str) -> None:
    made = network(name)
    nothing = ~everything()
    vectors = made.entities(keep=nothing)
    assert torch.isfinite(vectors).all()
    (vectors - 1).square().sum().backward()
    for parameter in made.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()


def test_the_gradient_reaches_every_parameter(name: str) -> None:
    made = network(name)
    keep = made.draw(torch.Generator().manual_seed(3), 0.2, 0.8)
    rows = torch.arange(ENTITIES)
    heads = made.heads(rows, asked(), keep=keep)
    scores = made.formula.query(heads, made.relations[asked()]) @ made.entities(keep=keep).T
    scores.square().mean().backward()
    for which, parameter in made.named_parameters():
        if which == "loops":  # no part of fusion
            continue
        assert parameter.grad is not None, which
        assert torch.isfinite(parameter.grad).all(), which
        reached = parameter.grad.abs().sum() if parameter.dim() < 2 else parameter.grad.abs().sum(1)
        if which in ("structure", "relations"):
            assert (reached > 0).float().mean() > 0.4, which
        else:
            assert (reached > 0).all(), which


def test_a_head_has_parts_of_its_own(name: str) -> None:
    """Head = sum of g_m a_m x_m (P_m - R_m), entity by entity."""
    made, keep, rows = network(name), some(), torch.tensor([5, 5, 0, 39])
    relations, table = torch.tensor([0, 4, 4, 1]), made.entities(keep=keep)
    assert made.fusion is not None
    there, inputs, gates = made.there_is(None, keep), made.inputs(), made.gates()
    weights = made.fusion.weights(made.structure, inputs, there)
    missing = torch.zeros(2, WIDTH)
    if isinstance(made.fusion, Concat):
        missing = made.fusion.missing - made.fusion.missing_roles
    expected = made.parts(rows, keep).clone()
    for at, entity in enumerate(rows.tolist()):
        for m in (1, 2):
            projection = made.fusion.projections[m - 1] - made.fusion.roles[m - 1]
            own = inputs[m - 1][entity] @ projection * weights[entity, m]
            expected[at, m] = own if there[entity, m] else missing[m - 1]
    torch.testing.assert_close(made.parts(rows, keep, asking=True), expected)
    expected = expected.sum(1) if gates is None else (expected * gates[relations, :, None]).sum(1)
    torch.testing.assert_close(made.heads(rows, relations, keep), expected)
    torch.testing.assert_close(made.heads(rows, relations, keep, table[rows]), expected)


def test_a_scorer_of_the_network_scores_as_the_network(name: str) -> None:
    made, rows = network(name), torch.tensor([5, 6, 0])
    relations = torch.tensor([0, 4, 1])
    queries = made.formula.query(made.heads(rows, relations), made.relations[relations])
    expected = made.formula.scores(queries, made.entities()).detach()
    expected[torch.arange(3), rows] += made.loops[relations].detach()
    found = torch.from_numpy(made.scorer().score_tails(rows.numpy(), relations.numpy()))
    torch.testing.assert_close(found, expected)


def test_gates_start_open() -> None:
    made = fusion("gated", WIDTH, [7, 5], 6, torch.Generator().manual_seed(0))
    gates = made.gates()
    assert gates is not None
    assert torch.equal(gates, torch.ones(6, 3))


@pytest.mark.parametrize("name", ["weighted", "attention", "gated"])
def test_an_average_has_weights_that_add_up_to_one(name: str) -> None:
    made, keep = network(name), some()
    assert isinstance(made.fusion, Fusion)
    used = made.there_is(None, keep)
    weights = made.fusion.weights(made.structure, made.inputs(), used)
    torch.testing.assert_close(weights.sum(1), used.any(1).float())
    assert ((weights > 0) == used).all()


def test_a_masked_softmax_is_the_softmax_of_what_is_there() -> None:
    scores = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    there = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0]], dtype=torch.bool)
    found = masked_softmax(scores, there)
    for row in range(4):
        total = sum(float(scores[row, m].exp()) for m in range(3) if there[row, m])
        for m in range(3):
            expected = float(scores[row, m].exp()) / total if there[row, m] else 0.0
            assert float(found[row, m]) == pytest.approx(expected, abs=1e-6)


def test_attention_gives_each_entity_its_own_weights() -> None:
    made = network("attention")
    assert made.fusion is not None
    weights = made.fusion.weights(made.structure, made.inputs(), made.there_is())
    both = weights[made.there_is().all(1)]
    assert both.std(0).min() > 0.01


def test_concatenation_is_one_projection_of_everything_side_by_side() -> None:
    generator = torch.Generator().manual_seed(0)
    made = fusion("concat", WIDTH, [7, 5], 6, generator)
    structure, text, image = (torch.randn(4, w, generator=generator) for w in (WIDTH, 7, 5))
    whole = torch.cat([structure, text, image], 1)
    there = torch.ones(4, 3, dtype=torch.bool)
    common, roles = (torch.cat(list(each)) for each in (made.projections, made.roles))
    matrix = torch.cat([torch.eye(WIDTH), common + roles], 0)
    torch.testing.assert_close(made(structure, [text, image], there), whole @ matrix)
    asks = made.heads(structure, [text, image], there, torch.tensor([0, 1, 2, 3]))
    matrix = torch.cat([torch.eye(WIDTH), common - roles], 0)
    torch.testing.assert_close(asks, whole @ matrix)


def test_nothing_is_drawn_where_nothing_is_dropped(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    assert network(name).draw(generator, 0.0, 0.0) is None
    assert network(name, text=False, image=False).draw(generator, 0.5, 0.5) is None
    assert torch.equal(generator.get_state(), before)


def test_dropping_keeps_something_of_every_entity_and_the_shares_asked_for() -> None:
    made, generator = network("weighted"), torch.Generator().manual_seed(0)
    there, count = made.get_buffer("there"), 2_000
    kept = torch.zeros(ENTITIES, 3)
    for _ in range(count):
        keep = made.draw(generator, 0.2, 0.3)
        assert keep is not None
        assert (keep & there).any(1).all()
        assert keep[~there[:, 1:].any(1), 0].all()
        kept += keep & there
    shares = kept / count
    torch.testing.assert_close(shares[:, 1:], 0.8 * there[:, 1:], atol=0.06, rtol=0)
    alone = 0.2 ** there[:, 1:].sum(1)  # all its modalities were dropped: structure stays
    torch.testing.assert_close(shares[:, 0], 1 - 0.3 * (1 - alone), atol=0.06, rtol=0)


def test_what_is_drawn_depends_on_the_generator_alone() -> None:
    made = network("weighted")
    draws = [made.draw(torch.Generator().manual_seed(seed), 0.5, 0.5) for seed in (1, 1, 2)]
    assert all(draw is not None for draw in draws)
    assert torch.equal(draws[0], draws[1])  # type: ignore[arg-type]
    assert not torch.equal(draws[0], draws[2])  # type: ignore[arg-type]


def test_narrow_products_are_near_and_for_gradients_only(name: str) -> None:
    made, keep = network(name), some()
    assert made.fusion is not None
    exact = made.entities(keep=keep)
    wanted = torch.autograd.grad(exact.square().sum(), list(made.fusion.projections))
    made.fusion.narrow = True
    near = made.entities(keep=keep)
    found = torch.autograd.grad(near.square().sum(), list(made.fusion.projections))
    assert not torch.equal(near, exact)
    torch.testing.assert_close(near, exact, atol=0.05, rtol=0.02)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=0.02 * float(other.abs().max()), rtol=0.02)
    with torch.no_grad():
        torch.testing.assert_close(made.entities(keep=keep), exact.detach())
