"""Anny's bodies in given poses: the held-out truth of the lifter's evaluation.

Needs the package `anny` 0.6.2 (Apache-2.0, data CC0) with `roma` and `trimesh`; the pack itself never imports them.
A pose is one global orientation per joint of the pack's skeleton; each of Anny's bones takes the orientation of the
joint that turns the same segment, so that joints, proportions and surface are Anny's own.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.geometry import rotation
from pipelines.geometry.landmarks import BODY, FEET

SHAPES = {
    "woman": {"gender": 1.0, "age": 0.67},
    "man": {"gender": 0.0, "age": 0.67},
    "heavy woman": {"gender": 1.0, "age": 0.7, "weight": 0.95, "muscle": 0.35},
    "heavy man": {"gender": 0.0, "age": 0.75, "weight": 1.0, "muscle": 0.4},
    "tall slim woman": {"gender": 1.0, "age": 0.6, "height": 0.95, "weight": 0.2, "proportions": 0.9},
    "tall man": {"gender": 0.0, "age": 0.62, "height": 1.0, "weight": 0.4},
    "strong man": {"gender": 0.0, "age": 0.65, "muscle": 1.0, "weight": 0.6, "proportions": 0.8},
    "short woman": {"gender": 1.0, "age": 0.7, "height": 0.1, "proportions": 0.2},
    "old woman": {"gender": 0.9, "age": 0.97, "weight": 0.6, "height": 0.35},
    "child": {"gender": 0.5, "age": 0.36},
}  # fmt: skip
"""Phenotypes (0 to 1 each; age 0.33 is a child, 0.67 a young adult, 1 old)."""

SEGMENTS = (
    (r"root|pelvis", "pelvis"), (r"spine0[543]", "lumbar"), (r"spine02", "thoracic"), (r"spine01", "chest"),
    (r"neck0[12]", "neck"), (r"neck03", "cervical"), (r"head|eye", "head"), (r"clavicle|shoulder01", "clavicle"),
    (r"upperarm", "shoulder"), (r"lowerarm", "elbow"), (r"wrist|metacarpal", "wrist"), (r"upperleg", "hip"),
    (r"lowerleg", "knee"), (r"foot|toe", "ankle"),
)  # fmt: skip
"""Anny's bones by name, and the joint of ours that turns the same segment (without its side)."""
FINGERS = {"1": "thumb", "2": "index", "3": "middle", "4": "ring", "5": "little"}
TO_CAMERA = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Anny: x to the person's left, y back, z up."""


def joint_of(bone: str) -> str:
    """The joint of the pack's skeleton that turns a bone of Anny's."""
    name, _, side = bone.partition(".")
    prefix = {"L": "left_", "R": "right_", "": ""}[side]
    if finger := re.fullmatch(r"finger(\d)-(\d)", name):
        return f"{prefix}{FINGERS[finger[1]]}_{finger[2]}"
    joint = next(ours for pattern, ours in SEGMENTS if re.match(pattern, name))
    return (
        joint
        if joint in ("pelvis", "lumbar", "thoracic", "chest", "neck", "cervical", "head")
        else prefix + joint
    )


@dataclass(frozen=True, eq=False)
class Body:
    """One of Anny's bodies at rest (an A with bent elbows): metres, axes of the camera frame.

    vertices (V, 3); heads (B, 3) and parents (B,) of the bones; weights and bones (V, 9); regressor (23, V) of body and
    feet; stature in metres; faces (F, 3).
    """

    name: str
    vertices: np.ndarray
    heads: np.ndarray
    labels: tuple[str, ...]
    parents: np.ndarray
    weights: np.ndarray
    bones: np.ndarray
    regressor: np.ndarray
    faces: np.ndarray

    @property
    def stature(self) -> float:
        return float(np.ptp(self.vertices[:, 1]))

    def head_of(self, bone: str) -> np.ndarray:
        return self.heads[self.labels.index(bone)]

    def at_t(self) -> dict[str, np.ndarray]:
        """Joint -> (3, 3): from this rest pose to the T of the pack's rest pose, by the shortest turns."""
        turns = {}
        for letter, side, x in (("L", "left_", 1.0), ("R", "right_", -1.0)):
            turn = np.eye(3)
            for joint, start, end in (
                ("shoulder", "upperarm01", "lowerarm01"), ("elbow", "lowerarm01", "wrist"),
                ("wrist", "wrist", "finger3-1"),
            ):  # fmt: skip
                bone = self.head_of(f"{end}.{letter}") - self.head_of(f"{start}.{letter}")
                turn = rotation.between(turn @ bone, [x, 0, 0]) @ turn
                turns[side + joint] = turn
            for finger in FINGERS.values():
                turns |= {f"{side}{finger}_{i}": turn for i in (1, 2, 3)}
            for joint, start, end in (("hip", "upperleg01", "lowerleg01"), ("knee", "lowerleg01", "foot")):
                bone = self.head_of(f"{end}.{letter}") - self.head_of(f"{start}.{letter}")
                turns[side + joint] = rotation.between(bone, [0, 1, 0])
        return turns

    def posed(self, frames: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Joint -> (3, 3) global orientation -> posed bone heads (B, 3) and vertices (V, 3); the root stays."""
        at_t = self.at_t()
        joints = [joint_of(label) for label in self.labels]
        turns = np.stack([frames[joint] @ at_t.get(joint, np.eye(3)) for joint in joints])
        heads = self.heads.copy()
        for b, parent in enumerate(self.parents):
            if parent >= 0:
                heads[b] = heads[parent] + turns[parent] @ (self.heads[b] - self.heads[parent])
        local = self.vertices[:, None] - self.heads[self.bones]
        moved = np.einsum("vbij,vbj->vbi", turns[self.bones], local) + heads[self.bones]
        return heads, (self.weights[..., None] * moved).sum(axis=1)

    def landmarks(self, heads: np.ndarray, vertices: np.ndarray) -> dict[str, np.ndarray]:
        """Landmark -> (3,): body and feet by Anny's COCO regressor, hands from the finger bones."""
        found = dict(zip(BODY + FEET, self.regressor @ vertices, strict=True))
        for letter, side in (("L", "left_"), ("R", "right_")):
            bone = {n: heads[self.labels.index(f"finger{n}.{letter}")]
                    for n in ("1-2", "1-3", "2-1", "3-1", "3-2", "3-3", "5-1")}  # fmt: skip
            found |= {
                f"{side}index_1": bone["2-1"],
                f"{side}middle_1": bone["3-1"],
                f"{side}little_1": bone["5-1"],
            }
            found[f"{side}thumb_4"] = 1.9 * bone["1-3"] - 0.9 * bone["1-2"]
            found[f"{side}middle_4"] = 2.1 * bone["3-3"] - 1.1 * bone["3-2"]
        return found


def bodies(cache: Path | None = None) -> list[Body]:
    """Anny's bodies of SHAPES. Building takes a minute: `cache` (.npz) keeps the result."""
    if cache is None or not cache.is_file():
        built = _built()
        if cache is None:
            return built
        shared = {"labels": np.array(built[0].labels), "parents": built[0].parents, "weights": built[0].weights,
                  "bones": built[0].bones, "regressor": built[0].regressor, "faces": built[0].faces}  # fmt: skip
        np.savez(
            cache,
            vertices=np.stack([b.vertices for b in built]),
            heads=np.stack([b.heads for b in built]),
            **shared,
        )
    data = np.load(cache, allow_pickle=False)
    shared = [data[name] for name in ("parents", "weights", "bones", "regressor", "faces")]
    return [
        Body(name, vertices, heads, tuple(data["labels"].tolist()), *shared)
        for name, vertices, heads in zip(SHAPES, data["vertices"], data["heads"], strict=True)
    ]


def _built() -> list[Body]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends a package for GPUs
        import anny
        from anny.keypoints import KeypointsRegressor

        model = anny.Anny(rig="anny", phenotype_blendshapes="original")
    regressor = KeypointsRegressor.coco(model, labels=list(BODY + FEET)).regression_weights
    found = []
    for name, shape in SHAPES.items():
        out = model(phenotype_kwargs=shape)
        poses = out["rest_bone_poses"][0, :, :3, 3]
        found.append(
            Body(
                name,
                out["rest_vertices"][0].numpy() @ TO_CAMERA.T,
                poses.numpy() @ TO_CAMERA.T,
                tuple(model.bone_labels),
                np.array(model.bone_parents),
                model.vertex_bone_weights.numpy(),
                model.vertex_bone_indices.numpy(),
                regressor.numpy(),
                np.asarray(model.faces),
            )
        )
    return found
