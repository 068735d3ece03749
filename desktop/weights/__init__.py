"""Safe reading of model weights files, without torch and without running code from them."""
