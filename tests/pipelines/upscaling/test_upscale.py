"""Detail that comes back, and detail that must not."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.geometry.garments import GarmentMap, RigidPatch
from repose.pipelines.upscaling.enlarging import enlarged
from repose.pipelines.upscaling.targets import Target
from repose.pipelines.upscaling.upscale import Options, pictures_of, upscaled, upscaled_batch

from .scene import (
    SCALE,
    SIZE,
    SMALL,
    beside,
    cloth,
    core,
    correlation,
    inside,
    pixels,
    scene,
    shifted,
    small,
)

PLAIN = Options(grain=0.0)


@pytest.fixture(scope="module")
def woven():
    return scene()


@pytest.fixture(scope="module")
def made(woven):
    return upscaled(woven.result, woven.photo, woven.found, PLAIN)


def blind(one):
    return enlarged(one.result[0], SIZE)[None]


def test_the_weave_comes_back(woven, made):
    assert tuple(made.picture.shape[-2:]) == SIZE
    where = core(woven)
    lost = 1 - correlation(blind(woven), woven.truth, where)
    assert 1 - correlation(made.picture, woven.truth, where) < 0.1 < lost / 2
    assert float((made.picture - woven.truth).abs()[..., where].mean()) < 0.01
    assert made.restored > 0.7 and "of the person" in made.text()


def test_the_room_comes_back_too(woven, made):
    beside_them = ~inside(pixels(SIZE)) & (pixels(SIZE)[..., 0] < 40)
    assert correlation(made.picture, woven.truth, beside_them) > 0.9


@pytest.mark.parametrize(("x", "y"), [(0.6, -0.4), (1.5, 0.7), (-2.0, 1.0)])
def test_a_correspondence_that_is_a_little_wrong_is_aligned(woven, x, y):
    found = upscaled(woven.result, woven.photo, beside(woven, x, y).found, PLAIN)
    assert correlation(found.picture, woven.truth, core(woven)) > 0.75


def test_a_correspondence_that_is_quite_wrong_brings_nothing(woven):
    """Twenty pixels away is other cloth: the picture is the blind one, to the bit of a rounding."""
    found = upscaled(woven.result, woven.photo, beside(woven, 20.0, 15.0).found, PLAIN)
    where = core(woven)
    assert float(found.detail[0, 0][core_small(where)].mean()) < 0.1
    off = (found.picture - blind(woven)).abs().amax(1)[0][where]
    assert float(off.mean()) < 0.01


def core_small(where):
    return small(where[None, None].float())[0, 0] > 0.999


def test_what_a_model_repainted_stays_as_it_was_painted(woven):
    """A pattern of its own and another colour, each on one half of a patch."""
    at = pixels(SMALL)
    patch = ((at - torch.tensor([64.0, 80.0])).abs() < torch.tensor([14.0, 14.0])).all(-1)
    painted = torch.where(at[..., 0] < 64, 0.45 + 0.1 * torch.sin(1.3 * at[..., 0] - 0.9 * at[..., 1]), 0.4)
    result = woven.result.clone()
    result[0][:, patch] = painted[patch] * torch.tensor([0.6, 0.8, 1.2])[:, None]
    found = upscaled(result, woven.photo, woven.found, PLAIN)
    inner = ((at - torch.tensor([64.0, 80.0])).abs() < torch.tensor([10.0, 10.0])).all(-1)
    assert float(found.detail[0, 0][inner].max()) < 0.05
    large = inner.repeat_interleave(SCALE, 0).repeat_interleave(SCALE, 1)
    assert float((found.picture - enlarged(result[0], SIZE)).abs()[0][:, large].max()) < 2 / 255
    assert float(found.detail[0, 0][core_small(core(woven)) & ~patch].mean()) > 0.5, "the rest has its detail"


def test_new_light_is_no_new_content(woven):
    x = pixels(SMALL)[..., 0]
    lit = woven.result * (0.75 + 0.4 * x / SMALL[1])
    found = upscaled(lit, woven.photo, woven.found, PLAIN)
    assert float(found.detail[0, 0][core_small(core(woven))].mean()) > 0.8
    assert correlation(found.picture, woven.truth, core(woven)) > 0.85


@pytest.mark.parametrize("name", ["visible", "photo"])
def test_what_the_photo_does_not_show_gets_nothing(woven, name):
    hidden = pixels(SMALL)[..., 1] > 80
    values = getattr(woven.found, name)
    values = torch.where(hidden, 0.0 if name == "visible" else 1, values).to(values.dtype)
    there = inside_small(woven) & hidden
    found = upscaled(woven.result, woven.photo, replace(woven.found, **{name: values}), PLAIN)
    assert float(found.detail[0, 0][there].max()) == 0


def inside_small(one):
    return one.found.part >= 0


@pytest.mark.parametrize("part", ["head", "left_hand"])
def test_a_face_that_moved_is_never_doubled(part):
    """Lashes and finger edges, drawn by a model somewhat beside and of another shape: none of the photo's come in."""
    one = scene(part)
    at = (pixels(SIZE) - torch.tensor([180.0, 250.0])) / 40
    bent = pixels(SIZE) + 9 * torch.stack((torch.sin(3 * at[..., 1]), torch.cos(4 * at[..., 0])), -1)
    lashes = (torch.sin(0.5 * bent[..., 0]) > 0.75) & core(one)
    drawn = small(torch.where(lashes, 0.1, one.truth))
    photo = torch.where((torch.sin(0.5 * pixels(SIZE)[..., 0]) > 0.75) & inside(pixels(SIZE)), 0.1, one.photo)
    found = upscaled(drawn, photo, one.found, PLAIN)
    where = core(one)
    assert float(found.detail[0, 0][core_small(where)].mean()) < 0.05
    off = (found.picture - enlarged(drawn[0], SIZE)).abs().amax(1)[0][where]
    assert float(off.quantile(0.99)) < 0.02


def test_a_print_comes_back_whole(woven):
    """One share for all of a patch, where it is seen."""
    mask = torch.ones(40, 40)
    patch = RigidPatch("print", "upper", (45, 65), mask)
    labels = torch.zeros(1, 1, *SMALL, dtype=torch.uint8)
    matte = small(inside(pixels(SIZE))[None, None].float())
    clothes = GarmentMap(labels, torch.zeros_like(matte), matte, patches=(patch,))
    found = upscaled(woven.result, woven.photo, woven.found, PLAIN, garments=clothes)
    centre = woven.found.source - torch.tensor([65.0, 85.0])
    inner = (centre.abs() < 16).all(-1)
    assert float(found.detail[0, 0][inner].min()) > 0.95


def test_a_smaller_photo_has_other_pixels_and_the_same_places(woven):
    """The correspondence counts in pixels of the photo it was made from; the photo may be given larger or as it was."""
    same = upscaled(woven.result, small(woven.photo), woven.found, PLAIN)
    assert tuple(same.picture.shape[-2:]) == SMALL
    assert float((same.picture - woven.result).abs()[..., core_small(core(woven))].mean()) < 0.02


def test_a_frame_that_grew_has_the_photo_inside_it(woven, made):
    """Twenty pixels more on the left, as `Repose` notes them: figure and room get their detail, the new room none."""
    more = 20
    names = {"source": torch.nan, "visible": 0.0, "part": -1, "photo": 0}
    maps = {name: laid(getattr(woven.found, name), more, value) for name, value in names.items()}
    found = replace(woven.found, **maps, origin=(more, 0))
    result = torch.nn.functional.pad(woven.result, (more, 0, 0, 0), mode="replicate")
    grown = upscaled(result, woven.photo, found, PLAIN)
    assert tuple(grown.picture.shape[-2:]) == (SIZE[0], SIZE[1] + SCALE * more)
    inside_ = grown.picture[..., SCALE * more + 12 :]
    assert float((inside_ - made.picture[..., 12:]).abs().max()) < 0.05
    assert float((inside_ - made.picture[..., 12:]).abs().mean()) < 1e-3
    assert float(grown.detail[..., : more - 1].max()) == 0


def laid(values, more, value):
    """Columns of `value` before those of (h, w, ...)."""
    before = torch.full((len(values), more, *values.shape[2:]), value, dtype=values.dtype)
    return torch.cat((before, values), 1)


def test_none_of_it(woven):
    off = upscaled(woven.result, woven.photo, woven.found, Options(detail=0.0))
    assert float((off.picture - blind(woven)).abs().max()) < 1e-5


def test_before_and_after_are_parts_of_the_picture(made):
    assert made.before.shape == made.after.shape and made.after.shape[-1] == SIZE[1]
    assert float((made.before - made.after).abs().mean()) > 0.002


def test_a_platform_gets_its_shape_and_the_whole_figure(woven):
    found = upscaled(woven.result, woven.photo, woven.found, Options(Target("square 1080 x 1080"), grain=0.0))
    assert tuple(found.picture.shape[-2:]) == (1080, 1080)
    assert found.restored > 0.6


def test_a_batch_is_its_pictures(woven, made):
    told = []
    both = upscaled_batch(
        torch.cat((woven.result, shifted(woven.result, 0.5, 0))),
        woven.photo,
        [woven.found],
        PLAIN,
        progress=told.append,
    )
    assert len(both) == 2 and torch.equal(both[0].picture, made.picture)
    assert pictures_of(both).picture.shape[0] == 2
    assert told == sorted(told) and told[-1] == pytest.approx(1)


def test_it_can_be_cancelled(woven):
    def enough(done):
        if done > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        upscaled(woven.result, woven.photo, woven.found, PLAIN, progress=enough)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: (s.result[..., :100], s.photo, s.found),
            r"the result has 100 x 160 pixels, the correspondence 120 x",
        ),
        (
            lambda s: (s.result, s.photo[..., :300], s.found),
            r"the photo has 300 x 480 pixels.*one and the same run",
        ),
    ],
)
def test_pictures_that_do_not_belong_together_are_refused(woven, change, message):
    with pytest.raises(ValueError, match=message):
        upscaled(*change(woven))


def test_counts_must_fit(woven):
    with pytest.raises(ValueError, match="2 results.*3 photos"):
        upscaled_batch(woven.result.expand(2, -1, -1, -1), woven.photo.expand(3, -1, -1, -1), [woven.found])


@pytest.mark.parametrize("name", ["detail", "grain"])
def test_strengths_are_shares(name):
    with pytest.raises(ValueError, match=f"{name} is 1.5"):
        Options(**{name: 1.5})


def test_the_scene_is_what_it_says(woven):
    """The photo's cloth at the places that the correspondence names is the truth's: the other tests rest on it."""
    at = (woven.found.source + 0.5) * SCALE - 0.5
    there = inside_small(woven)
    centre = woven.truth[0][:, 1::SCALE, 1::SCALE]
    assert float((cloth(torch.nan_to_num(at)) - centre).abs()[:, there].max()) < 1e-4


def test_the_packs_own_correspondence_says_what_it_counts_in():
    """A drawn person moved at half the photo's size comes back at the photo's."""
    from repose.pipelines.native import moved_by

    from ...geometry.people import draw, standing

    body = standing()
    picture, matte = draw(body)
    large = torch.nn.functional.interpolate(picture, scale_factor=2, mode="bicubic").clamp(0, 1)
    moved = moved_by(picture, matte, body, body)
    assert moved.correspondence.photo_size == tuple(picture.shape[-2:]) and moved.correspondence.origin == (
        0,
        0,
    )
    made = upscaled(moved.over(picture), large, moved.correspondence, PLAIN)
    assert made.picture.shape == large.shape and made.restored > 0.3
