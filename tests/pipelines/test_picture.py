"""Picture files of every kind in, whole files out, and one-line errors for the rest."""

import numpy as np
import pytest
import torch
from PIL import Image
from repose.pipelines.picture import PictureError, read_picture, read_picture_and_alpha, write_picture


@pytest.fixture
def ramp() -> np.ndarray:
    """(5, 7, 3) uint8, every value different."""
    return (np.arange(105, dtype=np.uint8) * 2).reshape(5, 7, 3)


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".bmp", ".PNG"])
def test_reads_lossless_rgb_exactly(tmp_path, ramp, suffix):
    Image.fromarray(ramp).save(tmp_path / f"a{suffix}")
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.shape == (1, 3, 5, 7) and picture.dtype == torch.float32 and picture.is_contiguous()
    assert torch.equal(picture, as_tensor(ramp))


def test_grey_becomes_three_equal_channels(tmp_path, ramp):
    Image.fromarray(ramp[..., 0]).save(tmp_path / "a.png")
    assert torch.equal(read_picture(tmp_path / "a.png"), as_tensor(ramp[..., :1]).expand(-1, 3, -1, -1))


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bit_grey_keeps_its_depth(tmp_path, suffix):
    values = np.array([[0, 1, 257, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / f"a{suffix}")
    found = read_picture(tmp_path / f"a{suffix}")[0, 0] * 65535
    assert torch.allclose(found, torch.tensor([[0.0, 1, 257, 65535]]), atol=0.01)


def test_sixteen_bit_rgb_is_read_as_eight_and_says_so(tmp_path):
    cv2 = pytest.importorskip("cv2")
    cv2.imwrite(str(tmp_path / "a.png"), np.full((2, 2, 3), 0x80FF, dtype=np.uint16))
    picture = read_picture_and_alpha(tmp_path / "a.png")
    assert picture.notes == ("16 bits per channel were read as 8",)
    assert (picture.pixels * 255 - 0x80).abs().max() <= 1


def test_transparency_is_laid_on_white_and_returned(tmp_path):
    pixels = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 51]]], dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_picture_and_alpha(tmp_path / "a.png")
    assert torch.allclose(picture.alpha[0, 0, 0], torch.tensor([1.0, 0.0, 0.2]))
    expected = torch.tensor([[1.0, 0, 0], [1, 1, 1], [0.8, 0.8, 0.8]])
    assert torch.allclose(picture.pixels[0, :, 0].T, expected)


def test_opaque_file_has_no_alpha(tmp_path, ramp):
    Image.fromarray(ramp).save(tmp_path / "a.png")
    assert read_picture_and_alpha(tmp_path / "a.png").alpha is None


def test_palette_with_transparency(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    image.save(tmp_path / "a.png", transparency=1)
    picture = read_picture_and_alpha(tmp_path / "a.png")
    assert picture.alpha.flatten().tolist() == [1.0, 0.0]
    assert picture.pixels[0, :, 0].T.tolist() == [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]


def test_cmyk_jpeg(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    assert torch.allclose(read_picture(tmp_path / "a.jpg")[0, :, 4, 4], torch.tensor([1.0, 0, 0]), atol=0.03)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(tmp_path, orientation):
    """A white top left quarter in the stored pixels goes where the orientation puts it (TIFF 6.0 tag 274)."""
    stored = np.zeros((16, 32), dtype=np.uint8)
    stored[:8, :16] = 255
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif, quality=100)
    picture = read_picture(tmp_path / "a.jpg")[0, 0]
    assert picture.shape == ((16, 32) if orientation <= 4 else (32, 16))
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    corners = {(y, x): round(float(picture[y, x])) for y in (0, -1) for x in (0, -1)}
    assert corners == {place: int(place == corner[orientation]) for place in corners}


def test_truncated_file(tmp_path, ramp):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for suffix in (".png", ".jpg", ".webp"):
        path = tmp_path / f"whole{suffix}"
        Image.fromarray(noise).save(path)
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(PictureError, match=r"cut\.\w+: .*(damaged|not a picture)") as error:
            read_picture(cut)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_not_a_picture(tmp_path, content):
    (tmp_path / "notes.png").write_bytes(content)
    with pytest.raises(PictureError, match="notes.png"):
        read_picture(tmp_path / "notes.png")


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "absent.png")
    with pytest.raises(PictureError, match="folder"):
        read_picture(tmp_path)


def test_too_large_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (8000, 8001)).save(tmp_path / "a.png")
    with pytest.raises(PictureError, match="8000x8001 is 64 megapixels, the most is 64"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg"])
def test_writes_what_it_reads(tmp_path, suffix):
    y, x = torch.meshgrid(torch.linspace(0, 1, 40), torch.linspace(0, 1, 50), indexing="ij")
    picture = torch.stack([x, y, (x + y) / 2])[None]
    path = write_picture(picture, tmp_path / "new folder" / f"a{suffix}")
    tolerance = {".png": 0.5, ".jpg": 6, ".webp": 9}[suffix] / 255
    assert (read_picture(path) - picture).abs().max() <= tolerance + 1e-6
    assert [p.name for p in path.parent.iterdir()] == [f"a{suffix}"]


def test_writes_grey_and_clamps(tmp_path):
    path = write_picture(torch.tensor([[[-1.0, 0.5, 2.0]]]), tmp_path / "a.png")
    assert np.array(Image.open(path)).tolist() == [[0, 128, 255]]


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write_picture(torch.zeros(1, 3, 4, 4), tmp_path / "a.png")
    before = path.read_bytes()

    def full_disk(self, file, **options):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(PictureError, match="No space left"):
        write_picture(torch.ones(1, 3, 4, 4), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("picture", "name", "message"),
    [
        (torch.zeros(1, 3, 4, 4), "a.gif", "cannot write '.gif'"),
        (torch.zeros(1, 3, 4, 4), "a", "no suffix"),
        (torch.zeros(2, 3, 4, 4), "a.png", r"\(2, 3, 4, 4\)"),
        (torch.zeros(1, 4, 4, 4), "a.jpg", "transparency"),
        (torch.full((1, 3, 4, 4), torch.nan), "a.png", "not numbers"),
    ],
)
def test_what_cannot_be_written(tmp_path, picture, name, message):
    with pytest.raises(PictureError, match=message):
        write_picture(picture, tmp_path / name)
    assert not list(tmp_path.iterdir())
