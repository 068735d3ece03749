"""Covers in tags: pictures as they are, with the type and size that tags must name."""

import base64
import struct
from dataclasses import dataclass
from fractions import Fraction

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SIGNATURE = b"\xff\xd8\xff"
# Markers of JPEG that begin a frame (ITU-T T.81, table B.1): SOF0 to SOF15 without DHT, JPG and DAC.
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN_MARKER = 0xDA
FRONT_COVER = 3
"""Picture type of ID3 and FLAC."""


@dataclass(frozen=True)
class Cover:
    """Cover picture."""

    data: bytes
    """Content of the JPEG or PNG file."""
    codec: str
    """Codec as FFmpeg names it: "mjpeg" or "png"."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""

    @property
    def mime_type(self) -> str:
        """MIME type of the picture."""
        return "image/png" if self.codec == "png" else "image/jpeg"

    def add_to(self, container: OutputContainer) -> None:
        """Attach the picture to a container that can hold one, before the first packet of the audio."""
        stream = container.add_mux_stream(self.codec, width=self.width, height=self.height)
        stream.disposition = Disposition.attached_pic
        stream.time_base = Fraction(1, 1000)
        container.start_encoding()
        packet = Packet(self.data)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = 0
        packet.is_keyframe = True
        container.mux(packet)

    def to_vorbis_comment(self) -> str:
        """Return the value of the comment METADATA_BLOCK_PICTURE: FLAC's picture block (RFC 9639, 8.8) in Base64."""
        mime_type = self.mime_type.encode()
        fields = struct.pack(">II", FRONT_COVER, len(mime_type)) + mime_type
        # No description; 24 bits per pixel, no palette.
        fields += struct.pack(">IIIIII", 0, self.width, self.height, 24, 0, len(self.data))
        return base64.b64encode(fields + self.data).decode()


def parse_cover(data: bytes) -> Cover | None:
    """Return the cover in a JPEG or PNG file; None if the file is another one or is damaged. Does not decode it."""
    try:
        if data.startswith(_PNG_SIGNATURE):
            width, height = struct.unpack_from(">II", data, len(_PNG_SIGNATURE) + 8)  # IHDR is the first chunk
            codec = "png"
        elif data.startswith(_JPEG_SIGNATURE):
            width, height = _jpeg_size(data)
            codec = "mjpeg"
        else:
            return None
    except (struct.error, IndexError):
        return None
    return Cover(data, codec, width, height) if 0 < width < 1 << 16 and 0 < height < 1 << 16 else None


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height; zeros if the picture begins before they are named. Raises IndexError, struct.error."""
    position = 2
    while True:
        if data[position] != 0xFF:
            return 0, 0
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
        elif marker in _JPEG_FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        elif marker == _JPEG_SCAN_MARKER:
            return 0, 0
        else:
            position += 2 + struct.unpack_from(">H", data, position + 2)[0]
