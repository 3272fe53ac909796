"""Runs inside a checkout of another revision of this repository: makes the pictures of pairs with that chain.

    python before_job.py JOBS.json       from the root of that checkout

JOBS.json: {"models": folder, "jobs": [{"source", "target", "picture", "arrays", "numbers"}]}: pictures to read, and
where the result goes. It reads nothing of the present checkout, and needs of the other one what `pipelines/repose.py`
has offered since it has had `ReposeOptions(place)`, `repose_picture` and `load_reader`.
"""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, os.getcwd())


def main(file: str) -> None:
    """Every job whose numbers are not there yet."""
    import torch

    torch.set_num_threads(1)
    from pipelines.models import weights
    from pipelines.read import load_reader

    given = json.loads(Path(file).read_text(encoding="utf-8"))
    folders = [Path(given["models"]) / "repose", Path(given["models"])]
    reader = load_reader(lambda id: weights.find(id, folders))
    for job in given["jobs"]:
        if not Path(job["numbers"]).is_file():
            try:
                result = made(job, reader)
            except (ValueError, RuntimeError, LookupError) as error:
                result = {"error": f"{type(error).__name__}: {error}"}
            Path(job["numbers"]).write_text(json.dumps(result), encoding="utf-8")
            print(job["numbers"], flush=True)


def made(job: dict, reader) -> dict:
    """Make one pair's picture, write it, and say what it took."""
    import numpy as np

    from pipelines.background import restore_background
    from pipelines.geometry.retarget import stature
    from pipelines.picture import read_picture, write_picture
    from pipelines.repose import ReposeOptions, repose

    picture, target = read_picture(job["source"]), read_picture(job["target"])
    pose = pose_in_picture(reader, target)
    reading = reader.read(picture)
    room = restore_background(picture, reading.matte)
    started = time.process_time()
    result = repose(picture, reading, pose, ReposeOptions(place="target"), background=room)
    seconds = time.process_time() - started
    write_picture(result.picture, job["picture"])
    found = result.correspondence
    np.savez_compressed(
        job["arrays"],
        person=result.person.numpy(),
        hidden=result.hidden.numpy(),
        source=found.source.numpy(),
        visible=found.visible.numpy(),
    )
    scale = stature(result.target) / stature(reading.skeleton)
    return {"seconds": seconds, "scale": scale, "notes": list(result.notes)}


def pose_in_picture(reader, picture):
    """The pose of the largest person, by whichever way this revision has to it."""
    keypoints = reader.keypoints.read(picture, 0)[0]
    try:
        from pipelines.lift import pose_in
    except ImportError:
        from pipelines.geometry.retarget import pose_of
        from pipelines.lift import lift

        return pose_of(lift(keypoints), "picture")
    return pose_in(keypoints)


if __name__ == "__main__":
    main(sys.argv[1])
