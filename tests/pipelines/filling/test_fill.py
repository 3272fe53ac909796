"""Occlusion Fill on a drawn figure: what is hidden is taken from the same cloth."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.batches import common_count
from repose.pipelines.filling.batch import filled_pictures
from repose.pipelines.filling.fill import FillOptions, _without_steps, completed, filled
from repose.pipelines.filling.scene import _marks, _stranded, _unshaded, scene_of
from repose.pipelines.geometry import field
from repose.pipelines.geometry.garments import NUMBER
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.warped import Warped

from ...lit_figure import SIZE, lit_figure


@pytest.fixture(scope="module")
def figure():
    return lit_figure()


@pytest.fixture(scope="module")
def hidden(figure):
    """A band across the trunk and a strip of a leg."""
    y, x = torch.meshgrid(torch.arange(SIZE[0]), torch.arange(SIZE[1]), indexing="ij")
    trunk = figure.found.part == INDEX["chest"]
    rows = torch.nonzero(trunk.any(1)).flatten()
    middle = int(rows.float().mean())
    return trunk & ((y - middle).abs() < 6) & (figure.person[0, 0] > 0)


def test_nothing_hidden_gives_the_picture_back(figure):
    done = filled(figure.picture, figure.person, figure.found, figure.garments)
    assert done.picture is figure.picture
    assert float(done.filled.sum()) == 0 and len(done.surface) == 0


def test_what_is_hidden_is_filled_and_nothing_else_changes(figure, hidden):
    spoilt = torch.where(hidden, torch.tensor([1.0, 0.0, 1.0]).view(3, 1, 1), figure.picture[0])[None]
    options = FillOptions("continued")
    done = filled(spoilt, figure.person, figure.hiding(hidden), figure.garments, options)
    mask = done.filled[0, 0] > 0
    assert bool(mask[hidden].all()) and int(mask.sum()) < 2.5 * int(hidden.sum())
    assert torch.equal(done.picture[0][:, ~mask], spoilt[0][:, ~mask])
    off = [(v - figure.picture).abs()[0][:, hidden].mean() for v in (spoilt, done.picture)]
    assert float(off[0]) > 0.25 and float(off[1]) < 0.06, [float(v) for v in off]


@pytest.mark.parametrize("colours", ["warp", "continued"])
def test_hidden_to_the_frame_without_clothes_and_with_slivers(figure, hidden, colours):
    edge = hidden.clone()
    edge[:, 0] = True
    edge[SIZE[0] // 2] = True
    edge &= figure.person[0, 0] > 0
    done = filled(figure.picture, figure.person, figure.hiding(edge), None, FillOptions(colours))
    assert torch.isfinite(done.picture).all() and float(done.filled.sum()) > 0


def test_everything_hidden_says_what_to_do(figure):
    everywhere = torch.ones(SIZE, dtype=torch.bool)
    with pytest.raises(ValueError, match="all of the person's [0-9]+ pixels are hidden.*more of the person"):
        filled(figure.picture, figure.person, figure.hiding(everywhere), figure.garments)
    moved = Warped(
        figure.picture,
        figure.person,
        figure.person,
        figure.hiding(everywhere),
        torch.zeros_like(figure.person),
    )
    assert completed(moved, figure.garments)[0] is moved, "the chain has a picture all the same"


def test_wrong_sizes_and_names_are_told(figure):
    with pytest.raises(ValueError, match="person mask"):
        filled(figure.picture, figure.person[..., :-4], figure.found)
    with pytest.raises(ValueError, match="hidden mask"):
        filled(figure.picture, figure.person, figure.found, hidden=figure.person[..., :-4])
    with pytest.raises(ValueError, match='"magic", expected one of warp'):
        FillOptions("magic")
    with pytest.raises(ValueError, match="correspondences"):
        filled_pictures(figure.picture.expand(2, -1, -1, -1), figure.person, [figure.found] * 3)
    assert common_count(pictures=2, correspondences=1) == 2


def test_faces_and_hands_are_left_alone(figure):
    head = figure.found.part == INDEX["head"]
    assert bool(head.any())
    scene = scene_of(figure.picture[0], figure.person[0, 0], figure.hiding(head), figure.garments)
    assert not bool(scene.wanted.any())


def test_another_pose_shows_the_same_hidden_side(figure, hidden):
    """The figure moved aside by 7 pixels: what was filled first is shown there again."""
    deep = torch.where(figure.found.part >= 0, figure.found.depth, torch.nan)
    first = replace(figure.hiding(hidden), source_depth=deep)
    noise = 0.05 * torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(5))
    picture = (figure.picture + noise * figure.person).clamp(0, 1)
    moved = {
        name: getattr(first, name).roll(7, 1) for name in ("source", "visible", "stretch", "part", "depth")
    }
    moved |= {
        name: getattr(first, name).roll(7, 1) for name in ("normal", "source_normal", "photo", "source_depth")
    }
    second = replace(first, **moved)
    pictures = torch.cat((picture, picture.roll(7, -1)))
    people = torch.cat((figure.person, figure.person.roll(7, -1)))
    # Otherwise the second has other cloth to copy from: its own noise.
    pictures[1] += torch.where(
        hidden.roll(7, 1), 0, 0.05 * torch.randn(3, *SIZE, generator=torch.Generator().manual_seed(6))
    )
    pictures = pictures.clamp(0, 1)
    together, _ = filled_pictures(pictures, people, [first, second], [figure.garments])
    alone, _ = filled_pictures(pictures[1:], people[1:], [second], [figure.garments])
    inner = hidden & hidden.roll(3, 0) & hidden.roll(-3, 0)

    def detail(values):
        return values - torch.nn.functional.avg_pool2d(values[None], 9, 1, 4)[0]

    one = detail(together[0])[:, inner]
    again, other = (detail(v)[:, inner.roll(7, 1)] for v in (together[1], alone[0]))

    def alike(a, b):
        return float(torch.corrcoef(torch.stack((a.flatten(), b.flatten())))[0, 1])

    assert alike(one, again) > 0.8 > 0.4 > alike(one, other), (alike(one, again), alike(one, other))


def test_progress_rises_to_one_and_can_stop(figure, hidden):
    told = []
    filled(figure.picture, figure.person, figure.hiding(hidden), figure.garments, progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0

    class Stopped(Exception):
        pass

    def stop(fraction):
        raise Stopped

    with pytest.raises(Stopped):
        filled(figure.picture, figure.person, figure.hiding(hidden), figure.garments, progress=stop)


def test_where_one_thing_ends_in_what_was_filled_there_is_no_step(figure, hidden):
    scene = scene_of(figure.picture[0], figure.person[0, 0], figure.hiding(hidden), figure.garments)
    y, x = torch.nonzero(scene.wanted, as_tuple=True)
    middle = int(x.float().mean())
    columns = torch.arange(SIZE[1]).expand(SIZE)
    label = torch.where(scene.label >= 0, (columns > middle).long(), -1)
    made = (columns > middle).float().expand(3, *SIZE)
    even = _without_steps(replace(scene, label=label), made)[0]
    changed = even != made[0]
    assert bool(changed.any()) and not bool((changed & ~scene.wanted).any())
    assert float((columns[changed] - middle).abs().max()) <= 2
    inner = scene.wanted & (field.erode(scene.solid.float(), 3) > 0)
    assert float(even.diff(dim=1).abs()[inner[:, 1:] & inner[:, :-1]].max()) < 0.5


@pytest.mark.parametrize("count", [3, 400])
def test_a_mole_is_not_copied_and_a_pattern_is(count):
    """Grain, with a few dark spots, or with so many that they are a pattern."""
    noise = torch.Generator().manual_seed(0)
    skin = 0.5 + 0.01 * torch.randn(1, 120, 120, generator=noise).expand(3, -1, -1)
    spots = torch.randint(4, 116, (count, 2), generator=noise)
    dark = torch.zeros(120, 120, dtype=torch.bool)
    dark[spots[:, 0], spots[:, 1]] = True
    dark = field.dilate(dark.float(), 1) > 0
    skin = torch.where(dark, 0.25, skin)
    there = torch.ones(120, 120, dtype=torch.bool)
    marks = _marks(skin, torch.zeros(120, 120, dtype=torch.int64), there, 400.0)
    if count == 3:
        assert bool(marks[dark].all()) and float(marks[~dark].float().mean()) < 0.01
    else:
        assert not bool(marks.any())


def test_a_very_large_picture_is_filled_at_its_own_size(figure, hidden):
    """Its correspondence is in working pixels (here: half); what the photo shows keeps every pixel."""
    found = replace(figure.hiding(hidden), photo_size=SIZE)
    grain = torch.Generator().manual_seed(3)

    def twice(values):
        return torch.nn.functional.interpolate(values, scale_factor=2.0, mode="nearest")

    spoilt = torch.where(hidden, torch.tensor([1.0, 0.0, 1.0]).view(3, 1, 1), figure.picture[0])[None]
    large = twice(spoilt) + 0.02 * torch.randn(1, 3, 2 * SIZE[0], 2 * SIZE[1], generator=grain)
    large, person = large.clamp(0, 1), twice(figure.person)
    options, clothes = FillOptions("continued"), [figure.garments.at_size((2 * SIZE[0], 2 * SIZE[1]))]
    made, marked = filled_pictures(large, person, [found], clothes, options=options)
    small, low = filled_pictures(
        torch.nn.functional.avg_pool2d(large, 2), figure.person, [found], [figure.garments], options=options
    )
    assert made.shape == large.shape and marked.shape == person.shape
    assert bool((twice(low) == marked).float().mean() > 0.99)
    there = twice(hidden[None, None].float()) > 0
    off = (made - twice(small)).abs()[there.expand_as(made)].mean()
    assert float(off) < 0.02, "enlarged, it is what was made at the working size"
    away = torch.nn.functional.max_pool2d(twice(low), 9, 1, 4) == 0
    assert torch.equal(made[away.expand_as(made)], large[away.expand_as(made)])
    whole, _ = filled_pictures(large, person, [replace(figure.found, photo_size=SIZE)], clothes)
    assert torch.equal(whole, large), "nothing hidden: the picture itself"


def test_another_shape_is_refused_with_both_sizes(figure, hidden):
    with pytest.raises(ValueError, match=f"{SIZE[1]} x {SIZE[0]}"):
        wide = torch.nn.functional.pad(figure.picture, (0, 40))
        filled_pictures(wide, torch.nn.functional.pad(figure.person, (0, 40)), [figure.hiding(hidden)])


@pytest.mark.parametrize("few", [True, False])
def test_the_outline_of_skin_is_not_copied_inside_unless_there_is_little_else(few):
    """An arm 40 pixels broad beside a sleeve; 0.008 of a stature of 1000 pixels are 8."""
    label = torch.full((60, 60), -1)
    label[:40, 10:50], label[40:, 10:50] = NUMBER["left_arm_skin"], NUMBER["upper"]
    wanted = torch.zeros(60, 60, dtype=torch.bool)
    wanted[:40, 10 : 40 if few else 20] = True
    source = (label >= 0) & ~wanted
    found = _unshaded(source, wanted, label, 1000.0)
    assert torch.equal(found[40:], source[40:])
    if few:
        assert torch.equal(found, source)
    else:
        assert int(found[:32, 20:42].sum()) == 32 * 22 and not bool(
            found[:40, 42:].any() | found[32:40].any()
        )


def test_where_hair_lay_on_a_sleeve_strands_are_not_copied(figure, hidden):
    """Hair over half of the chest: nothing of the shirt is copied from there."""
    x = torch.arange(SIZE[1]).expand(SIZE)
    middle = int(torch.nonzero(hidden)[:, 1].float().mean())
    hung = (figure.garments.labels[0, 0] > 0) & (x < middle)
    clothes = replace(figure.garments, hair=hung.float()[None, None])
    given = figure.picture[0], figure.person[0, 0], figure.hiding(hidden)
    strands = _stranded(given[2], clothes, torch.zeros(SIZE, dtype=torch.long), 2)
    there = torch.isfinite(given[2].source[..., 0])
    assert torch.equal(strands & there & (x < middle - 2), there & hung & (x < middle - 2))
    scene, plain = scene_of(*given, clothes), scene_of(*given, figure.garments)
    cloth = plain.label == plain.label[hidden].mode().values
    assert bool((plain.source & cloth & (x < middle)).any())
    assert not bool((scene.source & cloth & (x < middle)).any())
    both = [int((one.source & cloth & (x > middle + 8)).sum()) for one in (scene, plain)]
    assert abs(both[0] - both[1]) < 0.05 * both[1], "what lies clear of it is copied as ever"


def test_what_shows_a_little_of_a_strand_is_not_filled(figure, hidden):
    """Strands every eighth row of a hidden place, a fifth of each pixel: the rows and two beside stay."""
    y = torch.arange(SIZE[0])[:, None].expand(SIZE)
    strand = hidden & (y % 8 == 0)
    found = figure.hiding(hidden)
    given = (
        figure.picture[0],
        figure.person[0, 0],
        replace(found, visible=torch.where(strand, 0.2, found.visible)),
    )
    clothes = replace(figure.garments, hair=strand.float()[None, None])
    inner = scene_of(*given, clothes).wanted & hidden.roll(2, 0) & hidden.roll(-2, 0)
    assert bool((inner & (y % 8 == 4)).any())
    assert not bool((inner & ((y % 8 < 3) | (y % 8 > 5))).any())


def test_where_next_to_nothing_is_seen_the_places_themselves_tell_what_they_are(figure):
    """As from behind: there is what lies before it, and not one thing all over."""
    seen = figure.on("left_upper_arm") & (torch.rand(SIZE, generator=torch.Generator().manual_seed(2)) > 0.98)
    assert 0 < int(seen.sum()) < 100
    hidden = (figure.person[0, 0] > 0) & ~seen
    scene = scene_of(figure.picture[0], figure.person[0, 0], figure.hiding(hidden), figure.garments)
    for part, region in (("chest", "upper"), ("left_thigh", "lower"), ("right_thigh", "lower")):
        inner = field.erode(figure.on(part).float(), 4) > 0
        assert float((scene.label[inner] == NUMBER[region]).float().mean()) > 0.9, part


def test_pieces_of_a_shoe_are_laid_on_no_shoe(figure):
    shoes = replace(
        figure.garments,
        labels=torch.where(
            figure.garments.labels == NUMBER["lower"],
            torch.tensor(NUMBER["shoes"], dtype=torch.uint8),
            figure.garments.labels,
        ),
    )
    leg = figure.on("left_thigh")
    rows = torch.nonzero(leg.any(1)).flatten()
    hidden = leg & ((torch.arange(SIZE[0]) - int(rows.float().mean())).abs() < 8)[:, None]
    spotted = figure.picture + 0.1 * (torch.rand(SIZE, generator=torch.Generator().manual_seed(4)) > 0.7)
    plain = torch.where(hidden, figure.picture, spotted)
    of_cloth, of_shoe = (
        filled(plain, figure.person, figure.hiding(hidden), worn).picture[0, 1][hidden]
        for worn in (figure.garments, shoes)
    )
    inner = plain[0, 1][hidden]
    assert float((of_cloth - inner).abs().mean()) > 0.02
    assert float((of_shoe - inner).abs().mean()) < 0.01
