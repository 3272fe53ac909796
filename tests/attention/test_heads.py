"""Heads against attention with explicit maps, in 16 and 32 bits, and what they promise."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.attention import biases, heads
from repose.pipelines.attention.heads import HeadOptions
from repose.pipelines.attention.tokens import NOBODY, Tokens
from repose.pipelines.geometry.garments import NUMBER
from repose.pipelines.geometry.parts import INDEX as PART
from repose.pipelines.geometry.parts import PARTS

SIZE = (8, 6)
COUNT = 48
SHIRT, SKIRT, FACE, BARE = (NUMBER[name] for name in ("upper", "lower", "face", "left_arm_skin"))


def grid() -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(6.0), indexing="ij")
    return torch.stack((x, y), -1).reshape(-1, 2)


def tokens(seed: int = 0, **changes) -> Tokens:
    """A body of random clothes, parts and normals, at its own places."""
    generator = torch.Generator().manual_seed(seed)
    values = {
        "place": grid(),
        "region": torch.tensor([SHIRT, SKIRT, FACE, BARE])[torch.randint(4, (COUNT,), generator=generator)],
        "part": torch.randint(len(PARTS), (COUNT,), generator=generator),
        "normal": F.normalize(torch.randn(COUNT, 3, generator=generator), dim=-1),
        "seen": torch.ones(COUNT),
    }
    return Tokens(SIZE, **{**values, **changes})


def features(seed: int = 0, dtype=torch.float32, width: int = 40):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(2, 3, COUNT, width, generator=generator).to(dtype) for _ in range(4)]


@pytest.mark.parametrize(
    ("dtype", "close"), [(torch.float32, 1e-3), (torch.bfloat16, 0.06), (torch.float16, 0.01)]
)
@pytest.mark.parametrize("name", heads.HEADS)
def test_a_head_is_attention_with_its_bias(name, dtype, close):
    """Appended columns give what a map of all logits gives, in every precision."""
    q, _, k, v = features(1, dtype)
    bias = heads.biases(tokens(1), tokens(2), HeadOptions(**{name: 1.0}))[name]
    found = F.scaled_dot_product_attention(*biases.appended(q, k, v, bias))[..., :40]
    q, k, v = q[:, :, bias.rows].double(), k[:, :, bias.columns].double(), v[:, :, bias.columns].double()
    wanted = (q @ k.transpose(-1, -2) / math.sqrt(40) + bias.logits()).softmax(-1) @ v
    assert len(bias.rows) and (found.double() - wanted).abs().max() < close


def weights(bias, seed: int = 3) -> torch.Tensor:
    """(2, 3, N, M) of a 32-bit softmax over random logits and the bias; rows without an open gate are 0."""
    q, _, k, _ = features(seed)
    columns = torch.eye(COUNT).expand(2, 3, -1, -1)
    halves = [
        F.scaled_dot_product_attention(*biases.appended(q, k, half, bias))[..., :40]
        for half in (columns[..., :40], F.pad(columns[..., 40:], (0, 32)))
    ]
    whole = torch.zeros(2, 3, COUNT, COUNT)
    whole[:, :, bias.rows] = torch.cat((halves[0], halves[1][..., :8]), -1)
    return whole


def gates(bias) -> torch.Tensor:
    """(N,)"""
    return torch.zeros(COUNT).index_add(0, bias.rows, bias.gate)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_regions_never_mix(seed):
    target, source = tokens(seed), tokens(seed + 1)
    for name in ("textile", "light"):
        bias = heads.biases(target, source, HeadOptions())[name]
        other = target.region[:, None] != source.region[None]
        found = weights(bias)
        assert (found[:, :, other] == 0).all() and torch.allclose(
            found[:, :, bias.rows].sum(-1), torch.tensor(1.0)
        )


def test_the_left_arm_never_looks_at_the_right():
    target, source = tokens(5), tokens(6)
    bias = heads.anatomy(target, source, HeadOptions())
    sides = [
        torch.tensor([PARTS[p].name.split("_")[0] for p in range(len(PARTS))].count(s))
        for s in ("left", "right")
    ]
    assert sides[0] == sides[1] == 6
    found = weights(bias)
    for i in bias.rows.tolist():
        own = PARTS[target.part[i]].name.split("_")[0]
        for j in range(COUNT):
            theirs = PARTS[source.part[j]].name.split("_")[0]
            if {own, theirs} == {"left", "right"}:
                assert (found[:, :, i, j] == 0).all()


def test_the_same_places_at_full_strength_bring_the_photos_own_features():
    """Identity correspondence, a narrow width: the head gives back the photo's values."""
    body = tokens(7, region=torch.full((COUNT,), SHIRT))
    q, own, k, v = features(8)
    options = HeadOptions(textile=1.0, anatomy=0.0, light=0.0, sharp=0.1)
    found = heads.mixed(q, own, k, v, heads.biases(body, body, options), options.strengths)
    assert torch.allclose(found, v, atol=1e-3)


def test_a_shuffled_photo_with_its_shuffled_places_changes_nothing():
    target, source = tokens(9), tokens(10)
    q, own, k, v = features(11)
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(0))
    other = Tokens(
        SIZE,
        *(value[order] for value in (source.place, source.region, source.part, source.normal, source.seen)),
    )
    options = HeadOptions()
    one = heads.mixed(q, own, k, v, heads.biases(target, source, options), options.strengths)
    two = heads.mixed(
        q, own, k[:, :, order], v[:, :, order], heads.biases(target, other, options), options.strengths
    )
    assert torch.allclose(one, two, atol=1e-4)


def test_where_the_photo_shows_nothing_the_whole_garment_is_looked_at():
    target = tokens(12, seen=torch.zeros(COUNT), region=torch.full((COUNT,), SHIRT))
    source = tokens(13)
    found = weights(heads.textile(target, source, HeadOptions()))
    assert (found[..., source.region == SHIRT] > 0).all()


def test_equal_normals_are_picked():
    normal = F.normalize(torch.randn(COUNT, 3, generator=torch.Generator().manual_seed(1)), dim=-1)
    shirt = torch.full((COUNT,), SHIRT)
    body = tokens(0, region=shirt, normal=normal)
    bias = heads.light(body, body, HeadOptions(turned=0.02))
    assert torch.equal(bias.columns[bias.logits().argmax(1)], bias.rows) and len(bias.rows) == COUNT
    unknown = tokens(0, region=shirt, normal=torch.where(torch.arange(COUNT)[:, None] < 40, normal, 0))
    assert (weights(heads.light(body, unknown, HeadOptions()))[..., 40:] == 0).all()


def test_strength_nothing_and_closed_gates_leave_every_bit():
    target, source = tokens(14, region=torch.zeros(COUNT, dtype=torch.int64)), tokens(15)
    q, own, k, v = features(16, torch.float16)
    options = HeadOptions()
    assert torch.equal(
        heads.mixed(q, own, k, v, heads.biases(target, source, options), options.strengths), own
    )
    assert HeadOptions(0, 0, 0).strengths == {} and heads.biases(target, source, HeadOptions(0, 0, 0)) == {}


def test_a_garment_that_the_photo_lacks_is_left_to_the_model():
    target = tokens(17, region=torch.full((COUNT,), NUMBER["shoes"]))
    assert gates(heads.textile(target, tokens(18), HeadOptions())).sum() == 0
    assert (
        heads.anatomy(tokens(19, part=torch.full((COUNT,), NOBODY)), tokens(18), HeadOptions()).gate.sum()
        == 0
    )


def test_strengths_share_the_whole():
    assert HeadOptions(1, 1, 0).strengths == {"textile": 0.5, "anatomy": 0.5}
    for change in ({"textile": 1.2}, {"light": -0.1}, {"sharp": 0.0}):
        with pytest.raises(ValueError, match=next(iter(change))):
            HeadOptions(**change)


def test_steps_along_the_body():
    apart = heads.parts_apart()
    assert apart[PART["head"], PART["left_hand"]] == 5  # neck, chest, upper arm, forearm, hand
    assert (
        apart[PART["left_hand"], PART["right_foot"]] == math.inf
        and apart[PART["left_thigh"], PART["left_foot"]] == 2
    )
    assert torch.equal(apart, apart.T)


def test_memory_is_that_of_the_tokens():
    """What is appended is a few columns, not a map of tokens by tokens."""
    bias = heads.biases(tokens(1), tokens(2), HeadOptions())
    assert max(one.query.numel() for one in bias.values()) <= COUNT * 32


@pytest.mark.parametrize("name", heads.HEADS)
def test_what_is_dropped_of_the_photo_is_seen_by_no_head(name):
    """The same tokens in every run of a seed; where a garment loses all, its head is closed and no other is taken."""
    options = HeadOptions(**{name: 1.0}, dropped=0.5, seed=3)
    whole, some = (
        heads.biases(tokens(1), tokens(2), one)[name] for one in (HeadOptions(**{name: 1.0}), options)
    )
    again = heads.biases(tokens(1), tokens(2), options)[name]
    other = heads.biases(tokens(1), tokens(2), HeadOptions(**{name: 1.0}, dropped=0.5, seed=4))[name]
    assert set(some.columns.tolist()) < set(whole.columns.tolist())
    assert torch.equal(some.columns, again.columns) and some.columns.tolist() != other.columns.tolist()
    assert 0.3 * len(whole.columns) < len(some.columns) < 0.7 * len(whole.columns)
    lost = tokens(2).seen_at(tokens(2).region != SHIRT)
    bias = heads.textile(tokens(1), lost, HeadOptions())
    assert not (tokens(1).region[bias.rows] == SHIRT).any()


def test_the_face_has_a_weight_of_its_own():
    target, source = tokens(1), tokens(2)

    def opened(face: float) -> dict[int, float]:
        bias = heads.anatomy(target, source, HeadOptions(face=face))
        return dict(zip(bias.rows.tolist(), bias.gate.tolist(), strict=True))

    one, two, none = opened(1.0), opened(1.5), opened(0.0)
    faces = {row for row in one if target.region[row] == FACE}
    assert faces and faces < set(one) and set(none) == set(one) - faces
    assert all(two[row] == (1.5 if row in faces else 1.0) for row in two)
    q, own, k, v = features(3)
    known = {"anatomy": heads.anatomy(target, source, HeadOptions(face=2.0))}
    made = heads.mixed(q, own, k, v, known, {"anatomy": 0.8})  # 1.6 of the strength is the whole, not more
    alone = heads.mixed(
        q, own, k, v, {"anatomy": heads.anatomy(target, source, HeadOptions())}, {"anatomy": 1.0}
    )
    row = min(faces)
    assert torch.allclose(made[:, :, row], alone[:, :, row], atol=1e-5)


@pytest.mark.parametrize(
    ("given", "says"), [({"face": 3}, "face is 3, expected 0 to 2"), ({"dropped": 1}, "dropped is 1")]
)
def test_weights_out_of_range_are_named(given, says):
    with pytest.raises(ValueError, match=says):
        HeadOptions(**given)
