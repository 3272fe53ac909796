"""Seat."""

import torch
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget

from ..geometry.people import draw, standing


def test_a_batch_of_one_who_sits_and_one_who_stands(run):
    poses = [load_pose("seated/on a stool"), load_pose("catalogue/front")]
    targets = [retarget(standing(), pose) for pose in poses]
    figures, mattes = zip(*(draw(target) for target in targets), strict=True)
    image, person = torch.cat(figures).movedim(1, -1), torch.cat(mattes)[:, 0]
    out = run("ReposeSeat", image=image, person=person, target=targets, pose=poses)
    assert out.image.shape == image.shape and out.seat.shape == person.shape
    assert torch.equal(out.image[1], image[1]) and float(out.seat[1].max()) == 0
    assert float(out.seat[0].max()) == 1
    inside = person[0] == 1
    assert torch.equal(out.image[0][inside], image[0][inside])
