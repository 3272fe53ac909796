"""The fabric classifier: made cloth as a camera sees it, the training, and crops of photos that it is measured on."""
