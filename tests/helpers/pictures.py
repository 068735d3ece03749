"""Pictures for tests."""

import av
import numpy as np


def make_picture(codec: str, width: int = 64, height: int = 48) -> bytes:
    """Return noise as the content of a file: codec "png" or "mjpeg" (JPEG)."""
    pixel_format = {"png": "rgb24", "mjpeg": "yuvj420p"}[codec]
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = width, height, pixel_format
    context.framerate = 1
    frame = av.VideoFrame.from_ndarray(noise, "rgb24").reformat(format=pixel_format)
    return b"".join(bytes(packet) for each in (frame, None) for packet in context.encode(each))
