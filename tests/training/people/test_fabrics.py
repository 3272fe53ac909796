"""Sheets of made fabrics: valid, repeatable, at scale, with the garment's own seams."""

from dataclasses import replace

import pytest
import torch

from training.people.cloth import fabrics, swatches
from training.people.cloth.prints import EMBLEMS, WORDS, Frame, Slogan, chest, frame_at, printed
from training.people.cloth.unwrapped import covered, extent, quarter_turns
from training.people.scene import MATERIALS, Sheet
from training.people.shades import encoded, from_oklab, linear, oklab


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def square(metres=0.5, mirrored=False, at=-1.3):
    """A flat upright cloth facing -z, two triangles, its uv over the middle of the square; u runs right as seen."""
    half = metres / 2
    vertices = torch.tensor(
        [[-half, at - half, 0], [half, at - half, 0], [half, at + half, 0], [-half, at + half, 0]]
    )
    faces = torch.tensor([[0, 1, 2], [0, 2, 3]])
    corners = torch.tensor([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]])
    if mirrored:
        corners[:, 0] = 1 - corners[:, 0]
    return vertices, faces, corners[faces]


def seamed(size=96):
    """A painted picture: mid grey-blue, one dark seam, one light patch."""
    albedo = torch.tensor([0.15, 0.2, 0.3])[:, None, None].repeat(1, size, size)
    albedo[:, :, 47:49] *= 0.45
    albedo[:, 10:20, 10:20] *= 1.5
    return fabrics.Blank(size, (1.0, 1.0), albedo, mask=torch.ones(size, size, dtype=torch.bool))


@pytest.mark.parametrize("material", list(fabrics.WOVEN))
def test_swatches_are_valid_sheets(material):
    for seed in range(3):
        sheet = fabrics.swatch(seeded(seed), material, 0.2, 96)
        assert MATERIALS[sheet.material] == material
        assert sheet.albedo.shape == (3, 96, 96)
        assert 0 <= float(sheet.albedo.min()) and float(sheet.albedo.max()) <= 1
        assert 0 <= sheet.gloss <= 1 and 0 < sheet.roughness <= 1 and 0 <= sheet.sheen <= 1
        if sheet.normal is not None:
            assert torch.allclose(sheet.normal.norm(dim=0), torch.ones(96, 96), atol=1e-3)
            assert float(sheet.normal[2].min()) > 0


def test_materials_answer_light_differently():
    sheets = {
        name: fabrics.swatch(seeded(0), name, 0.2, 64)
        for name in ("silk", "wool", "leather", "sequin", "fur")
    }
    assert sheets["silk"].roughness < sheets["wool"].roughness
    assert sheets["sequin"].gloss > sheets["leather"].gloss > sheets["wool"].gloss
    assert sheets["fur"].sheen > sheets["leather"].sheen
    assert float(sheets["sequin"].normal[:2].std()) > 0.05, "plates tilt"


def test_a_design_is_plain_and_makes_the_same_sheet_again():
    for seed in range(5):
        first, second = (fabrics.design(seeded(seed)) for _ in range(2))
        assert first == second and isinstance(first.record()["seed"], int)
        blank = fabrics.Blank(64, (1.0, 1.0))
        assert torch.equal(fabrics.sheet(blank, first).albedo, fabrics.sheet(blank, second).albedo)
    assert len({fabrics.design(seeded(seed)).colours for seed in range(20)}) == 20


def test_lace_has_holes_as_a_swatch_and_a_lining_on_a_garment():
    assert float(fabrics.swatch(seeded(0), "lace", 0.1, 128).alpha.min()) < 0.2
    lined = fabrics.design(seeded(0), "dress", "lace")
    assert fabrics.sheet(fabrics.Blank(64, (1.0, 1.0)), lined).alpha is None


def test_the_garments_own_holes_stay():
    alpha = torch.ones(64, 64)
    alpha[:, :10] = 0
    sheet = fabrics.sheet(
        fabrics.Blank(64, (1.0, 1.0), alpha=alpha), fabrics.design(seeded(1), material="cotton")
    )
    assert torch.equal(sheet.alpha, alpha)


def test_seams_stay_on_new_cloth():
    made = replace(fabrics.design(seeded(0), "bottom", "wool", "plain", "felt"), paint=False, keep=1.0)
    light = fabrics.sheet(seamed(), made).albedo.mean(0)
    assert float(light[40:, 47:49].mean()) < 0.93 * float(light[40:, 30:44].mean())
    without = fabrics.sheet(seamed(), replace(made, keep=0.0)).albedo.mean(0)
    assert float(without[40:, 47:49].mean()) == pytest.approx(float(without[40:, 30:44].mean()), rel=0.06)


@pytest.mark.parametrize(
    "colour", [(0.6, 0.05, 0.05), (0.02, 0.02, 0.025), (0.8, 0.78, 0.7), (0.05, 0.2, 0.08)]
)
def test_recolouring_reaches_the_colour_and_keeps_the_seam(colour):
    made = replace(
        fabrics.design(seeded(0), "bottom", "denim"),
        paint=True,
        colours=(colour,),
        weave="poplin",
        slogan=None,
    )
    albedo = fabrics.sheet(seamed(), made).albedo
    found, aim = (oklab(c[:, None])[:, 0] for c in (albedo.flatten(1).median(1).values, torch.tensor(colour)))
    assert float((found - aim).norm()) < 0.05, (found, aim)
    light = oklab(albedo)[0]
    assert float(light[60:, 47:49].mean()) < float(light[60:, 20:40].mean()) - 0.01
    assert float(light[10:20, 10:20].mean()) > float(light[60:, 20:40].mean())


def test_occlusion_under_another_garment_is_lifted():
    blank = fabrics.Blank(32, (1.0, 1.0), occlusion=torch.zeros(32, 32))
    assert float(fabrics.sheet(blank, fabrics.design(seeded(0))).occlusion.min()) == pytest.approx(
        fabrics.OPEN
    )


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="unknown material tin.*cotton"):
        fabrics.design(seeded(0), material="tin")
    with pytest.raises(ValueError, match="unknown pattern herrings"):
        fabrics.design(seeded(0), pattern="herrings")
    with pytest.raises(ValueError, match="unknown material skin"):
        fabrics.swatch(seeded(0), "skin")


def test_extent_of_a_known_cloth():
    vertices, faces, uv = square(0.6)
    assert extent(vertices, faces, uv) == pytest.approx((1.0, 1.0), rel=1e-4)
    with pytest.raises(ValueError, match="no face has an area in uv"):
        extent(vertices, faces, torch.zeros_like(uv))


def test_covered_texels_are_those_under_faces():
    mask = covered(square()[2], 100)
    assert int(mask.sum()) == pytest.approx(3600, abs=150)
    assert bool(mask[50, 50]) and not bool(mask[5, 5])


@pytest.mark.parametrize("mirrored", [False, True])
def test_prints_read_from_outside_whatever_the_uv(mirrored):
    vertices, faces, uv = square(0.6, mirrored)
    frame = frame_at(vertices, faces, uv, (0.0, -1.3, 0.0), (0.0, 0.0, -1.0))
    assert frame.right == pytest.approx((-1.0 if mirrored else 1.0, 0.0), abs=1e-5), "uv per metre"
    assert frame.down == pytest.approx((0.0, 1.0), abs=1e-5)


def test_print_has_its_size_and_place():
    made = Slogan("HHHH", "none", 0.3, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    sheet = printed(torch.zeros(3, 200, 200), made, Frame((0.6, 0.4), (1.0, 0.0), (0.0, 1.0)))[0]
    rows, columns = (sheet > 0.4).nonzero().unbind(1)
    assert float(columns.float().mean()) == pytest.approx(0.6 * 200, abs=2)
    assert float(rows.float().mean()) == pytest.approx(0.4 * 200, abs=2)
    assert int(columns.max() - columns.min()) == pytest.approx(0.3 * 200, rel=0.2)


def test_print_follows_its_frame():
    made = Slogan("L7", "none", 0.4, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    upright = printed(torch.zeros(3, 128, 128), made, Frame((0.5, 0.5), (1.0, 0.0), (0.0, 1.0)))
    mirrored = printed(torch.zeros(3, 128, 128), made, Frame((0.5, 0.5), (-1.0, 0.0), (0.0, 1.0)))
    turned = printed(torch.zeros(3, 128, 128), made, Frame((0.5, 0.5), (0.0, 1.0), (-1.0, 0.0)))
    assert torch.allclose(mirrored.flip(2), upright, atol=1e-3)
    assert torch.allclose(turned.rot90(1, (1, 2)), upright, atol=1e-3)
    assert float((upright - upright.flip(2)).abs().mean()) > 0.01


@pytest.mark.parametrize("emblem", EMBLEMS)
def test_every_slogan_can_be_drawn(emblem):
    for text in WORDS:
        made = Slogan(text, emblem, 0.5, (1.0, 1.0, 1.0), (0.5, 0.5, 0.5))
        sheet = printed(torch.zeros(3, 64, 64), made, Frame((0.5, 0.5), (1.0, 0.0), (0.0, 1.0)))
        assert float(sheet.max()) > 0.4 and float(sheet[:, :4].max()) == 0, text


def test_chest_needs_whole_cloth():
    vertices, faces, uv = square(0.6, at=-1.28)
    mask = covered(uv, 128)
    assert chest(vertices, faces, uv, mask) is not None
    mask[:, 62:66] = False
    mask[:, 40:60] = False
    assert chest(vertices, faces, uv, mask) is None


def test_colour_spaces_there_and_back():
    colours = torch.rand(3, 200, generator=seeded(0))
    assert torch.allclose(from_oklab(oklab(colours)), colours, atol=1e-4)
    assert torch.allclose(linear(encoded(colours)), colours, atol=1e-5)
    white = oklab(torch.ones(3, 1))[:, 0]
    assert torch.allclose(white, torch.tensor([1.0, 0.0, 0.0]), atol=1e-3)


def test_garments_of_the_kit(kit):
    item = next(item for item in kit.items.values() if item.kind == "top")
    blank = fabrics.blank(item, kit.template, None, 256)
    assert all(0.4 < metres < 4 for metres in blank.metres)
    sheet = fabrics.sheet(blank, fabrics.design(seeded(0), item.kind))
    assert sheet.albedo.shape == (3, 256, 256)


def test_letters_stand_out_from_the_cloth():
    for seed in range(40):
        made = fabrics.design(seeded(seed), "top", "cotton", "plain")
        if made.slogan is None or made.slogan.emblem in ("disc", "bar", "triangle"):
            continue
        ink, ground = (oklab(torch.tensor(c)[:, None])[0, 0] for c in (made.slogan.ink, made.colours[0]))
        assert abs(float(ink - ground)) > 0.15


def test_pictures_of_cloth_are_labelled():
    for material in swatches.MADE:
        shown, label = swatches.picture(seeded(2), material, size=48)
        assert MATERIALS[label] == material and shown.shape == (3, 48, 48)
        assert 0 <= float(shown.min()) and float(shown.max()) <= 1


def test_a_smooth_sheet_mirrors_the_lamp():
    """Highlights sit where the normal halves the lamp and the eye, and smoother cloth has brighter ones."""
    slope = torch.linspace(-0.8, 0.8, 65)
    normal = torch.nn.functional.normalize(torch.stack((slope, torch.zeros(65), torch.ones(65))), dim=0)[
        :, None
    ].repeat(1, 4, 1)
    cloth = [
        Sheet(torch.full((3, 4, 65), 0.01), None, normal, None, MATERIALS.index("silk"), 0.1, rough, 0.0)
        for rough in (0.3, 0.8)
    ]
    rows = [swatches.lit(sheet, (1.0, 0.0, 1.0))[1, 0] for sheet in cloth]
    expected = int((normal[0, 0] / normal[2, 0] - torch.tan(torch.tensor(torch.pi / 8))).abs().argmin())
    assert abs(int(rows[0].argmax()) - expected) <= 3
    assert float(rows[0].max()) > 3 * float(rows[1].max())


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_cloth_hangs_down_however_the_uv_lies(turns):
    """The garment's uv is turned; a fade that starts with its first colour on top still does on the garment."""
    vertices, faces, uv = square(0.6)
    for _ in range(turns):  # a quarter turn against the clock of the picture: right goes up, up goes left
        uv = torch.stack((uv[..., 1], 1 - uv[..., 0]), -1)
    assert quarter_turns(vertices, faces, uv) == turns
    made = fabrics.design(seeded(0), "dress", "silk", "ombre")
    made = replace(made, colours=((0.8, 0.8, 0.8), (0.05, 0.05, 0.05)), paint=False)
    sheet = fabrics.sheet(fabrics.Blank(64, (1.0, 1.0), turns=turns), made).albedo.mean(0)
    where = (uv[0] * 64).long().clamp(max=63)  # left top, right top, right bottom of the cloth
    lights = [float(sheet[row, column]) for column, row in where.tolist()]
    assert lights[0] > 2 * lights[2] and lights[1] > 2 * lights[2]
    assert lights[0] == pytest.approx(lights[1], rel=0.1)


def test_a_painted_logo_leaves_no_ghost():
    blank = seamed()
    blank.albedo[:, 60:80, 10:30] = torch.tensor([0.7, 0.2, 0.02])[:, None, None]
    made = replace(fabrics.design(seeded(0), "bottom", "cotton", "plain", "poplin"), paint=False, keep=1.0)
    light = fabrics.sheet(blank, made).albedo.mean(0)
    assert float(light[60:80, 10:30].mean()) == pytest.approx(float(light[60:80, 60:80].mean()), rel=0.03)
    assert float(light[20:, 47:49].mean()) < 0.93 * float(light[20:50, 30:44].mean()), "the seam stays"
