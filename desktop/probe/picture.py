"""A cover, small: decoded by FFmpeg, and only from formats that are plain pixels."""

from dataclasses import dataclass
from pathlib import Path

from av import VideoFrame
from av.error import FFmpegError

from desktop.audio.av_source import ByteRangeFile, open_container

# An SVG, say, could name other files.
_ALLOWED_FORMATS = "png_pipe,jpeg_pipe,gif,webp_pipe,bmp_pipe"
# More than any cover has; what claims more would fill the memory.
_MAX_PIXELS = 50_000_000
_MAX_ASPECT_RATIO = 20


@dataclass(frozen=True)
class Picture:
    """A square."""

    side: int
    pixels: bytes
    """Four bytes each, red, green, blue and alpha, row by row."""
    rotation: int
    """Degrees, counter-clockwise, by which it is to be turned to stand upright."""


def read_picture(path: Path, side: int) -> Picture | None:
    """The middle square of a picture, `side` pixels wide; None when it cannot be read."""
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
    """The frame brought down so that it just covers the square, and cut to it."""
    scale = side / min(frame.width, frame.height)
    width, height = (max(side, round(length * scale)) for length in (frame.width, frame.height))
    small = frame.reformat(width, height, "rgba", interpolation="AREA")
    plane = small.planes[0]
    left, top = (width - side) // 2, (height - side) // 2
    rows, line = bytes(plane), plane.line_size
    starts = (line * (top + row) + 4 * left for row in range(side))
    return b"".join(rows[start : start + 4 * side] for start in starts)
