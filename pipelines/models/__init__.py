"""Networks and their weights: keypoints, segmentation. torch, safetensors and the runtimes."""
