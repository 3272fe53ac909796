"""A stick person for tests: the rig's bones with simple places, limbs as tubes; nothing of the kit."""

import math

import torch

from training.people.body.bodies import Body, rig_of


def _bones():
    """Label -> (parent, head): metres, x to the person's left, y down, facing -z, soles at y = 0."""
    bones = {"root": ("", (0, -0.95, 0))}
    for i, (name, y) in enumerate((("spine05", -1.0), ("spine04", -1.08), ("spine03", -1.15), ("spine02", -1.22),
                                   ("spine01", -1.32), ("neck01", -1.45), ("neck02", -1.48), ("neck03", -1.51),
                                   ("head", -1.55))):  # fmt: skip
        bones[name] = ("root" if i == 0 else list(bones)[-1], (0, y, 0))
    for letter, s in (("L", 1), ("R", -1)):
        bones[f"eye.{letter}"] = ("head", (s * 0.03, -1.63, -0.08))
        bones[f"pelvis.{letter}"] = ("root", (0, -0.95, 0))
        chain = (("upperleg01", (0.1, -0.9, 0)), ("upperleg02", (0.105, -0.7, 0)), ("lowerleg01", (0.11, -0.48, 0)),
                 ("lowerleg02", (0.115, -0.3, 0)), ("foot", (0.12, -0.08, 0)), ("toe1-1", (0.12, 0, -0.1)))  # fmt: skip
        parent = f"pelvis.{letter}"
        for name, (x, y, z) in chain:
            bones[f"{name}.{letter}"] = (parent, (s * x, y, z))
            parent = f"{name}.{letter}"
        chain = (("clavicle", (0.03, -1.42, 0)), ("shoulder01", (0.1, -1.42, 0)), ("upperarm01", (0.17, -1.40, 0)),
                 ("upperarm02", (0.27, -1.30, 0)), ("lowerarm01", (0.37, -1.20, 0)),
                 ("lowerarm02", (0.45, -1.11, -0.03)), ("wrist", (0.53, -1.02, -0.06)))  # fmt: skip
        parent = "spine01"
        for name, (x, y, z) in chain:
            bones[f"{name}.{letter}"] = (parent, (s * x, y, z))
            parent = f"{name}.{letter}"
        for finger in range(1, 6):
            base = f"wrist.{letter}"
            if finger > 1:
                base = f"metacarpal{finger - 1}.{letter}"
                bones[base] = (f"wrist.{letter}", (s * 0.54, -1.01, -0.06))
            for i in (1, 2, 3):
                step = 0.06 + 0.03 * i
                place = (s * (0.53 + 0.7 * step), -1.02 + 0.7 * step, -0.06 + 0.02 * (finger - 3))
                bones[f"finger{finger}-{i}.{letter}"] = (base, place)
                base = f"finger{finger}-{i}.{letter}"
    return bones


BONES = _bones()
LABELS = tuple(BONES)
PARENTS = tuple(LABELS.index(parent) if parent else -1 for parent, _ in BONES.values())
HEADS = torch.tensor([head for _, head in BONES.values()], dtype=torch.float32)


def stick_body() -> Body:
    return Body.of(rig_of(LABELS, PARENTS), HEADS)


def rest_frames(body):
    """The pose that is this body's own rest pose."""
    frames = {}
    for segment, turn in zip(body.rig.segments, body.to_t, strict=True):
        frames[segment.joint] = turn.T.numpy()
    return frames


def tube(start, stop, radius, rings=24, around=24):
    """Vertices (rings * around, 3) and faces of an open tube between two points."""
    start, stop = torch.as_tensor(start), torch.as_tensor(stop)
    axis = torch.nn.functional.normalize(stop - start, dim=0)
    side = torch.linalg.cross(axis, torch.tensor([0.0, 0.0, 1.0]))
    side = torch.nn.functional.normalize(side, dim=0)
    other = torch.linalg.cross(axis, side)
    angle = torch.arange(around) / around * 2 * math.pi
    ring = radius * (angle.cos()[:, None] * side + angle.sin()[:, None] * other)
    along = torch.linspace(0, 1, rings)[:, None, None]
    vertices = (start + along * (stop - start) + ring[None]).reshape(-1, 3)
    here = torch.arange((rings - 1) * around).view(rings - 1, around)
    right, below = here.roll(-1, 1), here + around
    faces = torch.stack(
        [torch.stack([here, right, below], -1), torch.stack([right, below.roll(-1, 1), below], -1)]
    )
    return vertices, faces.reshape(-1, 3)


def limb_skin(body, radius=0.06):
    """Tubes round the legs and a trunk: vertices (N, 3) and weights (N, S), each wholly of its segment."""
    pieces = []
    for letter, side in (("L", "left_"), ("R", "right_")):
        pieces += [(f"upperleg01.{letter}", f"lowerleg01.{letter}", f"{side}hip", "02", radius),
                   (f"lowerleg01.{letter}", f"foot.{letter}", f"{side}knee", "", radius)]  # fmt: skip
    pieces += [("spine05", "spine02", "lumbar", "", 0.14), ("spine02", "spine01", "thoracic", "", 0.14),
               ("spine01", "neck01", "chest", "", 0.14), ("root", "spine05", "pelvis", "", 0.14)]  # fmt: skip
    points, weights = [], []
    for start, stop, joint, part, size in pieces:
        vertices, _ = tube(body.head(start), body.head(stop), size)
        own = torch.zeros(len(vertices), len(body.rig.segments))
        own[:, body.rig.index(joint, part)] = 1
        points.append(vertices)
        weights.append(own)
    return torch.cat(points), torch.cat(weights)
