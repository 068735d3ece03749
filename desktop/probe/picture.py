"""Cover thumbnails, decoded by FFmpeg from raster formats only."""

from dataclasses import dataclass
from pathlib import Path

from av import VideoFrame
from av.error import FFmpegError

from desktop.audio.av_source import ByteRangeFile, open_container

# Raster formats only: an SVG, for example, could refer to other files.
_ALLOWED_FORMATS = "png_pipe,jpeg_pipe,gif,webp_pipe,bmp_pipe"
# More than any real cover has; a larger declared size would fill the memory.
_MAX_PIXELS = 50_000_000
_MAX_ASPECT_RATIO = 20


@dataclass(frozen=True)
class Picture:
    """Square thumbnail."""

    side: int
    """Width and height in pixels."""
    pixels: bytes
    """Four bytes per pixel, red, green, blue and alpha, row by row."""
    rotation: int
    """Rotation that turns the picture upright, in degrees counter-clockwise."""


def read_picture(path: Path, side: int) -> Picture | None:
    """Return the centre square of a picture, scaled to `side` pixels; None if the picture cannot be read."""
    try:
        with ByteRangeFile(path) as source, open_container(source, _ALLOWED_FORMATS) as container:
            container.streams.video[0].codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
            frame = next(container.decode(video=0))
            if max(frame.width, frame.height) > _MAX_ASPECT_RATIO * min(frame.width, frame.height):
                return None
            return Picture(side, _crop_square(frame, side), frame.rotation)
    except (FFmpegError, OSError, ValueError, LookupError, StopIteration):
        return None


def _crop_square(frame: VideoFrame, side: int) -> bytes:
    """Return the RGBA bytes of the frame, scaled to cover the square and cropped to its centre."""
    scale = side / min(frame.width, frame.height)
    width, height = (max(side, round(length * scale)) for length in (frame.width, frame.height))
    small = frame.reformat(width, height, "rgba", interpolation="AREA")
    plane = small.planes[0]
    left, top = (width - side) // 2, (height - side) // 2
    rows, line = bytes(plane), plane.line_size
    starts = (line * (top + row) + 4 * left for row in range(side))
    return b"".join(rows[start : start + 4 * side] for start in starts)
