"""The 68 face points of iBUG 300-W among MediaPipe's 468-vertex face mesh.

A table of facts: each vertex of the mesh (canonical_face_model, MediaPipe) that lies where an annotator of 300-W
(Sagonas et al. 2013, figure 1) puts the point. The jaw line is the mesh's face oval; brows, eyes and lips follow
the mesh's own contours (right side of the person first, as in 300-W).
"""

JAW = (127, 234, 93, 132, 58, 136, 149, 148, 152, 377, 378, 365, 288, 361, 323, 454, 356)
RIGHT_BROW = (70, 63, 105, 66, 107)
LEFT_BROW = (336, 296, 334, 293, 300)
NOSE_RIDGE = (168, 197, 5, 4)
NOSTRILS = (98, 97, 2, 326, 327)
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (362, 385, 387, 263, 373, 380)
OUTER_LIPS = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181)
INNER_LIPS = (78, 81, 13, 311, 308, 402, 14, 178)

MESH_TO_68 = (
    *JAW, *RIGHT_BROW, *LEFT_BROW, *NOSE_RIDGE, *NOSTRILS, *RIGHT_EYE, *LEFT_EYE, *OUTER_LIPS, *INNER_LIPS,
)  # fmt: skip

assert len(MESH_TO_68) == len(set(MESH_TO_68)) == 68 and max(MESH_TO_68) < 468
