"""The file of grades: what a person writes into it, and what stays when cells are made again."""

import pytest

from pipelines.geometry.library import pose_names
from setup.places import Trouble
from training.evaluation import grades as grades_file
from training.evaluation import grading
from training.evaluation.grades import Grade


def test_there_and_back(tmp_path):
    grades = [
        Grade("P001", "movement/walking", "abc", ("torn", "wrong hand"), note="left, at the wrist"),
        Grade("P001", "hands/waving", "abd", ()),
        Grade("P002", "hands/waving", "abe", None, last="ghost"),
    ]
    grades_file.write(grades, tmp_path / "grades.csv")
    assert grades_file.read(tmp_path / "grades.csv") == grades
    assert "torn; wrong hand" in (tmp_path / "grades.csv").read_text()


def test_a_picture_made_anew_is_to_be_looked_at_anew():
    grade = Grade("P001", "hands/waving", "abc", ("torn",), note="shoulder")
    assert grade.of("abc") is grade
    again = grade.of("xyz")
    assert again.defects is None and again.last == "torn" and again.note == "shoulder"
    assert again.of("new").last == "torn"
    assert Grade("P001", "hands/waving", "abc", ()).of("x").last == grades_file.NONE


def test_cells_made_again_keep_their_grades(tmp_path):
    file, cells = tmp_path / "grades.csv", [("P005 studio", pose) for pose in grading.POSES[:2]]
    grading._keep(dict.fromkeys(cells, "one"), file)
    grades_file.write(
        [
            g.of("one") if i else Grade(*cells[0], "one", ("ghost",))
            for i, g in enumerate(grades_file.read(file))
        ],
        file,
    )
    grading._keep({cells[0]: "one", cells[1]: "two", ("P001 park", grading.POSES[0]): "one"}, file)
    found = {(g.photo, g.pose): g for g in grades_file.read(file)}
    assert found[cells[0]].defects == ("ghost",) and found[cells[1]].picture == "two" and len(found) == 3


def test_the_table_counts(tmp_path):
    grades = [
        Grade("P001", "a", "1", ("torn", "ghost")),
        Grade("P002", "a", "2", ()),
        Grade("P001", "b", "3", ("torn",)),
        Grade("P002", "b", "4"),
    ]
    lines = grades_file.table(grades).splitlines()
    head = [cell.strip() for cell in lines[0].strip("|").split("|")]
    total = dict(zip(head, [cell.strip() for cell in lines[-1].strip("|").split("|")], strict=True))
    assert (total["cells"], total["clean"], total["torn"], total["ghost"], total["not looked at"]) == (
        "4",
        "1",
        "2",
        "1",
        "1",
    )


def test_a_word_that_is_no_defect_is_named(tmp_path):
    file = tmp_path / "grades.csv"
    file.write_text("photo,pose,picture,defects,last,note\nP001,a,1,torn; ugly,,\n")
    with pytest.raises(ValueError, match='line 2: "ugly" is no defect.*jagged edge'):
        grades_file.read(file)
    file.write_text("photo,pose\nP001,a\n")
    with pytest.raises(ValueError, match="the column picture is missing"):
        grades_file.read(file)
    with pytest.raises(Trouble, match="sheet"):
        grades_file.read(tmp_path / "none.csv")


def test_the_poses_are_the_librarys_and_the_photos_ten():
    assert set(grading.POSES) <= set(pose_names()) and len(grading.POSES) == len(set(grading.POSES)) == 10
    assert len({photo.sha256 for photo in grading.PHOTOS.values()}) == len(grading.PHOTOS) == 10


def test_nothing_to_make_is_said(tmp_path):
    plan = grading.Plan(tmp_path, tmp_path / "g.csv", tmp_path, 100)
    with pytest.raises(Trouble, match="no such thing"):
        list(grading.make(plan, "no such thing"))


def test_the_grades_in_the_repository_can_be_read(root):
    file = root / "training" / "evaluation" / "grades.csv"
    if not file.is_file():
        pytest.skip("nothing was graded yet")
    assert len(grades_file.read(file)) == 100
