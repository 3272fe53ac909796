"""Letters of captions that Pillow's own font does not have."""

import shutil
from pathlib import Path

import pytest
import torch
from PIL import ImageFont
from repose.pipelines.sets import letters
from repose.pipelines.sets.board import BoardOptions, _wrapped, board, unwritten

CHINESE = "\u8fde\u8863\u88d9"
CYRILLIC = "\u041f\u043b\u0430\u0442\u044c\u0435"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """The only folder in which this machine keeps fonts."""
    monkeypatch.setattr(letters, "font_folders", lambda: [tmp_path])
    return tmp_path


def test_what_a_font_lacks():
    own = ImageFont.load_default(letters.TRIED)
    assert letters.lacking(own, "Azg09-/'") == ""
    assert letters.lacking(own, f"a{CHINESE}z") == CHINESE


def test_a_letter_that_no_font_has_is_told(folder):
    (folder / "no font.ttf").write_bytes(b"not one")
    font, missing = letters.lettering(("front", CHINESE), 20)
    assert set(missing) == set(CHINESE) and font.getname() == ImageFont.load_default(20).getname()
    told = unwritten(["front", CHINESE])
    assert all(letter in told for letter in CHINESE) and "install a font" in told
    assert unwritten(["front, 3/4"], "SKU-1") == ""


def test_a_font_of_the_machine_is_taken_where_it_has_more(folder):
    found = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)
    if found is None or not letters.lacking(ImageFont.load_default(32), CYRILLIC):
        pytest.skip("no font with Cyrillic here, or Pillow's own has it")
    (folder / "a broken one.ttf").write_bytes(b"not one")
    shutil.copy(found, folder / "b.ttf")
    font, missing = letters.lettering((CYRILLIC,), 24)
    assert missing == "" and font.path == str(folder / "b.ttf") and font.size == 24
    assert unwritten([CYRILLIC]) == ""
    picture = torch.full((1, 3, 64, 64), 0.5)
    with_it, boxes = (board([picture], [text], BoardOptions(1, 64)) for text in (CYRILLIC, "\uffff" * 6))
    assert not torch.equal(with_it, boxes)


def test_plain_letters_open_no_font_file(folder, monkeypatch):
    monkeypatch.setattr(letters, "_files", lambda folders: pytest.fail("a font was looked for"))
    assert letters.lettering(("hero - walking",), 18)[1] == ""


def test_a_line_of_chinese_breaks_between_letters():
    font = ImageFont.load_default(12)
    text = CHINESE * 8
    lines = _wrapped(f"SKU {text}", font, 60)
    assert "".join(lines).replace(" ", "") == f"SKU{text}", "nothing is cut"
    assert len(lines) > 2 and all(font.getlength(line) <= 60 for line in lines)
