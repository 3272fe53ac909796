"""Between two pictures of one person, exactly: where each pixel's surface point lies in the other picture, and whether
that picture saw it.

The same index of a Figure's vertices is the same point of the surface in every pose. So a pixel of the target picture
(its face and barycentric place) is carried to that face as the source's pose has it and projected by the source's
camera; no search, no network. Seen is what lies in the frame, shows the same side of the sheet to the camera and passes
a depth test against the source's own truth maps, which know about holes in hair and lace.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..scene import Camera, Figure, View

TOLERANCE = 0.0015
"""Metres that a point may lie behind the plane of what the source's pixel shows: half of what parts a shirt from a
jacket on it, and a hundred times what single precision loses at five metres."""
BEND = 0.25
"""Share of a pixel's width at the person's depth added to it: the surface bends away from the plane of the neighbouring
pixel by about width^2 / (2 radius), a quarter of the width on a limb as thin as four pixels."""
STEEP = 6.0
"""Pixel widths of depth per pixel, the most that the slope of the point's own face is allowed for: near an outline the
nearest pixel shows a face that turns away less than the point's does. A hanging arm is further from the trunk."""
AROUND = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Steps (x, y) to the four pixels round a place, from the one above and to the left."""
NEAREST = 1e-6
"""Metres before the camera's centre; nearer points have no place in the picture."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One view of a person with all that the correspondence needs.

    vertices (N, 3) world metres, as the picture `view` of `camera` shows them; points (N, 3) the same in the camera's
    frame. Of the n pixels that show the person: place (n,) in the flattened picture, face (n,), corners (n, 3) its
    vertices, share (n, 3) their weights. per_face (F, 3): the vector m for which m @ ((x - cx) / f, (y - cy) / f, 1) is
    one over the depth of the face's plane at (x, y); planes (H W, 3): m of each pixel's face, 0 where there is nobody;
    facing (F,) bool: which winding each face shows.
    """

    camera: Camera
    view: View
    vertices: Tensor
    points: Tensor
    place: Tensor
    face: Tensor
    corners: Tensor
    share: Tensor
    per_face: Tensor
    planes: Tensor
    facing: Tensor


@dataclass(frozen=True, eq=False)
class Correspondence:
    """For each pixel of the target picture, where in the source picture its surface point is.

    source_xy (H, W, 2) float32 x, y in the source's pixels (0, 0 is the centre of the top-left pixel), NaN where the
    target shows nobody; person (H, W) bool: the target shows the person; inside (H, W) bool: source_xy lies in the
    source's picture; visible (H, W) bool: inside, and the source's camera saw the point and the same side of it; whole
    (H, W) bool: visible, and all four pixels round source_xy show that same surface, so that what is read there
    bilinearly belongs to the point.
    """

    source_xy: Tensor
    person: Tensor
    inside: Tensor
    visible: Tensor
    whole: Tensor

    def bring(self, values: Tensor) -> Tensor:
        """(C, h, w) of the source picture -> (C, H, W) at the target's pixels, bilinear; 0 where there is nobody.

        Also where the source did not see the point: mask with `visible` or `whole`.
        """
        height, width = values.shape[-2:]
        size = self.source_xy.new_tensor([width, height])
        grid = ((self.source_xy.nan_to_num(-9e3) + 0.5) / size * 2 - 1)[None]
        brought = F.grid_sample(
            values[None], grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        return brought[0] * self.person

    def scored(self, source: Tensor, visible: Tensor) -> Scores:
        """A predicted warp against this truth: source (H, W, 2) with NaN where nothing is predicted, visible (H, W) in
        [0, 1], as pipelines.geometry.warp.Correspondence has them. Raises ValueError for another size."""
        if source.shape != self.source_xy.shape or visible.shape != self.visible.shape:
            raise ValueError(
                f"the prediction has shapes {tuple(source.shape)} and {tuple(visible.shape)}, the truth "
                f"{tuple(self.source_xy.shape)} and {tuple(self.visible.shape)}: render both at one size"
            )
        both = self.visible & torch.isfinite(source).all(-1)
        error = (source[both] - self.source_xy[both]).norm(dim=-1)
        told = visible >= 0.5
        union = int((told | self.visible).sum())
        return Scores(
            median=_quantile(error, 0.5),
            mean=float(error.mean()) if len(error) else float("nan"),
            high=_quantile(error, 0.9),
            missing=1 - int(both.sum()) / max(int(self.visible.sum()), 1),
            iou=int((told & self.visible).sum()) / union if union else 1.0,
        )


@dataclass(frozen=True)
class Scores:
    """Endpoint error in source pixels over the target's pixels that the source truly saw and that were predicted:
    median, mean and 90th percentile, NaN where there is none; missing: the share of truly seen pixels without a
    prediction; iou of the visible pixels (predicted at 0.5 or more)."""

    median: float
    mean: float
    high: float
    missing: float
    iou: float


def seen(figure: Figure, vertices: Tensor, camera: Camera, view: View) -> Seen:
    """What `between` needs of a view; once per view, whatever the number of its pairs."""
    points = (vertices - camera.position) @ camera.rotation.T
    normal, towards = _face_planes(points, figure.faces)
    per_face = normal / torch.where(towards.abs() < 1e-12, torch.inf, towards)[:, None]
    place = torch.nonzero(view.face.flatten() >= 0).squeeze(1)
    face = view.face.flatten()[place].long()
    first, second = view.barycentric.flatten(1)[:, place]
    planes = per_face.new_zeros(view.face.numel(), 3)
    planes[place] = per_face[face]
    share = torch.stack((first, second, 1 - first - second), -1)
    return Seen(
        camera, view, vertices, points, place, face, figure.faces[face], share, per_face, planes, towards > 0
    )


def _face_planes(points: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3) points, (F, 3) faces -> the cross product (F, 3) of two edges of each face, and its product (F,) with the
    first corner. Coordinate by coordinate: three times as fast as rows of three."""
    a, b, c = (points.T.contiguous()[:, corner] for corner in faces.T)
    (ux, uy, uz), (vx, vy, vz) = b - a, c - a
    normal = torch.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx])
    return normal.T.contiguous(), (normal * a).sum(0)


def between(source: Seen, target: Seen) -> Correspondence:
    """The correspondence of the target's pixels in the source picture; both of one figure."""
    corners = source.points[target.corners.flatten()].view(-1, 3, 3)
    xy, z = projected((target.share[:, None] @ corners)[:, 0], source.camera)
    height, width = source.camera.size
    limit = xy.new_tensor([width, height]) - 0.5
    inside = ((xy >= -0.5) & (xy < limit)).all(-1) & (z > NEAREST)
    same_side = source.facing[target.face] == target.facing[target.face]
    near, whole = _depth_tests(source, xy, z, source.per_face[target.face, :2])
    visible = inside & same_side & near
    flags = torch.stack([torch.ones_like(inside), inside, visible, visible & whole])
    size = target.view.face.shape
    maps = flags.new_zeros(len(flags), target.view.face.numel()).index_copy_(1, target.place, flags)
    places = xy.new_full((target.view.face.numel(), 2), torch.nan).index_copy_(0, target.place, xy)
    return Correspondence(places.view(*size, 2), *maps.view(-1, *size))


def projected(point: Tensor, camera: Camera) -> tuple[Tensor, Tensor]:
    """(n, 3) camera frame -> (n, 2) pixels, (n,) depth."""
    z = point[:, 2]
    centre = point.new_tensor(camera.centre)
    return camera.focal * point[:, :2] / z.clamp_min(NEAREST)[:, None] + centre, z


def _depth_tests(source: Seen, xy: Tensor, z: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """(n,) bool: the nearest pixel shows the surface that the point lies on (or shows nobody, at an outline, and
    another of the four round the point does); all four do.

    Each pixel's face is prolonged as a plane to where the point is; `slope` (n, 2) is of the point's own face
    (Seen.per_face).
    """
    height, width = source.camera.size
    right, down = ((xy - xy.new_tensor(source.camera.centre)) / source.camera.focal).unbind(1)
    pixel = z / source.camera.focal
    tight = TOLERANCE + BEND * pixel
    loose = tight + pixel * (z * torch.hypot(slope[:, 0], slope[:, 1])).clamp_max(STEEP)
    low = xy.floor()
    closest = ((xy + 0.5).floor() - low).long()
    around = low.long()[None] + low.new_tensor(AROUND, dtype=torch.int64)[:, None]
    place = around[..., 1].clamp(0, height - 1) * width + around[..., 0].clamp(0, width - 1)
    # Written out: several times as fast as a sum over so short an axis.
    a, b, c = source.planes.index_select(0, place.flatten()).view(4, -1, 3).unbind(-1)
    inverse = a * right + b * down + c
    # |z - 1 / inverse| <= allowed, without the division that may blow up
    apart = torch.where(inverse > 0, (z * inverse - 1).abs(), torch.inf)
    shows, holds = apart <= loose * inverse, apart <= tight * inverse
    chosen = (2 * closest[:, 1] + closest[:, 0])[None]
    empty = inverse.gather(0, chosen)[0] == 0
    some = shows[0] | shows[1] | shows[2] | shows[3]
    return shows.gather(0, chosen)[0] | (empty & some), holds[0] & holds[1] & holds[2] & holds[3]


def _quantile(values: Tensor, share: float) -> float:
    return float(values.quantile(share)) if len(values) else float("nan")
