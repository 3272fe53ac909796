"""The command line: what it refuses, and how it says so."""

import pytest

from training.people.__main__ import _numbers, main


def refused(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 1
    return capsys.readouterr().err


def test_without_a_kit_the_next_step_is_told(capsys, tmp_path):
    said = refused(capsys, "--count", "1", "--out", str(tmp_path / "o"), "--kit", str(tmp_path / "none.zip"))
    assert "none.zip" in said and "python -m training.people pack" in said
    assert not (tmp_path / "o").exists()


def test_a_file_that_is_no_kit_is_refused(capsys, tmp_path):
    (tmp_path / "kit.zip").write_bytes(b"no zip at all")
    said = refused(capsys, "--count", "1", "--out", str(tmp_path / "o"), "--kit", str(tmp_path / "kit.zip"))
    assert "kit.zip" in said


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["--count", "0", "--out", "x"], "'0' is not a positive whole number"),
        (["--count", "5"], "--out"),
        (["make", "--count", "5", "--out", "x", "--split", "validation"], "validation"),
        (["paint"], "paint"),
    ],
)
def test_bad_arguments_are_explained(capsys, arguments, word):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2 and word in capsys.readouterr().err


def test_a_sheet_of_nothing(capsys, tmp_path):
    said = refused(capsys, "sheet", "--data", str(tmp_path), "--out", str(tmp_path / "s.png"))
    assert "no index.json" in said


def test_numbers():
    assert _numbers("0-3,8") == [0, 1, 2, 3, 8]
    with pytest.raises(ValueError, match="0-23 or 5,8,11"):
        _numbers("a-3")


def test_licences_are_printed(capsys):
    assert main(["licences"]) == 0
    printed = capsys.readouterr().out
    assert (
        "CC0" in printed.replace("Creative Commons Zero 1.0", "CC0") and "AGPL" not in printed.split("why")[0]
    )
