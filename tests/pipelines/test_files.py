"""Files that appear whole or not at all."""

import pytest
from repose.pipelines.files import appearing


def test_the_file_appears_at_the_end_with_its_folders(tmp_path):
    with appearing(tmp_path / "a" / "b.txt") as unfinished:
        unfinished.write_text("whole")
        assert not (tmp_path / "a" / "b.txt").exists()
    assert (tmp_path / "a" / "b.txt").read_text() == "whole"


def test_what_is_cut_short_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "b.txt").write_text("old")
    with pytest.raises(KeyboardInterrupt), appearing(tmp_path / "b.txt") as unfinished:
        unfinished.write_text("ha")
        raise KeyboardInterrupt
    assert (tmp_path / "b.txt").read_text() == "old" and len(list(tmp_path.iterdir())) == 1
