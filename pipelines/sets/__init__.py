"""Many pictures at once: lists of poses, boards, stickers, folders, and files with a record of each."""
