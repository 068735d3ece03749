"""Parts of a song that are rendered as the player plays them: stems with its levels, mixes, minus-ones, stem files."""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.names import native_path
from desktop.audio.stems import STEM_COMMENT
from desktop.audio_formats import AAC, WAV, AudioFormat
from desktop.errors import SoundUnavailableError, StorageError, UnbraidError, UnusableTrackError
from desktop.export.encoder import DEFAULT_DEPTH, Encoder
from desktop.export.ni_stem import NiStemWriter
from desktop.export.ni_stem_tracks import CANNOT_FOLD, can_fold
from desktop.export.parts import Part, chain_settings, song_parts
from desktop.export.quantizer import AboveFullScaleError
from desktop.export.settings import ExportKind, ExportSettings
from desktop.export.song_tags import SongTags, part_tags
from desktop.export.stems import AdvanceCallback, stem_depth, stem_file_size, supported_depth
from desktop.jobs.analysis_files import load_corrected_analysis
from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.mix import Master, clamp_db
from desktop.playback.rendering import Rendering
from desktop.playback.song_state import SongState, read_song_state
from desktop.playback.source import StemFileSource
from desktop.runtime.settings_file import load_settings
from desktop.text.message import Message
from desktop.text.transposition import CENTS_PER_SEMITONE

_DEPTHS = ("16", "24", "32f")
"""In ascending order of what they hold."""
_NOTHING_TO_WRITE = Message("It has none of the chosen stems, or all of them are muted.")
_UNREADABLE = Message("Its stems cannot be read: they were moved or damaged. Separate the song again.")


_FileWriter = Callable[[Sequence[NDArray[np.float32]]], None]
"""Function that appends a block to a file, of the mix and of the stems beside it, `[frames, channels]`."""


class RenderedParts:
    """What an export of one song renders, read once for all of its files."""

    def __init__(self, job: Job, settings: ExportSettings, home: Home) -> None:
        """Read the state in which the user left the song.

        Raises UnusableTrackError if there is nothing to write, or if a stem is missing or damaged.
        """
        self._job, self._settings = job, settings
        self._names = [stem.name for stem in job.stems]
        if settings.kind is ExportKind.NI_STEM and not can_fold(self._names):
            raise UnusableTrackError(CANNOT_FOLD)
        state = heard_state(home, job)
        self._parts = song_parts(self._names, state, settings)
        if not self._parts:
            raise UnusableTrackError(_NOTHING_TO_WRITE)
        analysis = load_corrected_analysis(home.job_folder(job.id), job.seconds or 0.0)
        self._chain = chain_settings(self._names, state, settings, analysis.grid if analysis else None)
        self._passage = (state.loop.start_s, state.loop.end_s) if settings.is_loop_only and state.loop else None
        self._source, self._depth, self._channels = self._open_source()
        self.written_job = _with_written_tempo_and_key(job, self._chain)
        """The job with the tempo and the key that the files have."""

    @property
    def titles(self) -> list[str]:
        """Title of each file."""
        return [part.title for part in self._parts]

    def write(self, folder: Path, advance: AdvanceCallback, cover: bytes | None = None) -> list[Path]:
        """Write the files to `folder`, in the format of the settings, and return them in the order of `titles`.

        Where a format with a limited range would clip a sample, all files of the song become WAV in 32-bit float, and a
        stem file becomes AAC, unless the settings choose a depth. Raises UnusableTrackError, StorageError and what `advance` raises.
        """
        passes = 2 if self._settings.normalises else 1

        def advance_pass(size: int) -> None:
            advance(size // passes)

        divisor = self._find_peak(advance_pass) if self._settings.normalises else 1.0
        audio_format = self._settings.audio_format
        depth = supported_depth(audio_format, self._settings.depth or self._depth)
        try:
            return self._write_files(folder, audio_format, depth, divisor, advance_pass, cover)
        except AboveFullScaleError:
            audio_format = AAC if self._settings.kind is ExportKind.NI_STEM else WAV
            depth = supported_depth(audio_format, "32f")
            return self._write_files(folder, audio_format, depth, divisor, lambda _: advance(0), cover)

    def _open_source(self) -> tuple[StemFileSource, str, int]:
        """Return the stems, the greatest of their bit depths, and the number of channels to write."""
        paths = [stem.path for stem in self._job.stems]
        with self._input_errors():
            source = StemFileSource(paths)
            infos = [soundfile.info(native_path(path)) for path in paths]
        is_mono = all(info.channels == 1 for info in infos) and not any(map(_is_panned, self._parts))
        depth = max((stem_depth(info.subtype) for info in infos), key=_DEPTHS.index)
        return source, depth, 1 if is_mono else 2

    def _open(self, audio_format: AudioFormat) -> Rendering:
        """Open the mixes of all parts, each with the stems beside it, at a sample rate that the format holds."""
        gains = [gains for part in self._parts for gains in (part.gains, *(stem_gains for _, stem_gains in part.stems))]
        sample_rate = audio_format.nearest_rate(self._settings.sample_rate or self._source.sample_rate)
        with self._input_errors():
            return Rendering(self._source, self._chain, gains, sample_rate, self._passage)

    def _find_peak(self, advance: AdvanceCallback) -> float:
        """Return the greatest magnitude of all files, by which all are divided; 1 if they are silent."""
        peak = 0.0
        with closing(self._read(self._open(self._settings.audio_format), advance)) as blocks:
            for block in blocks:
                peak = max(peak, *(float(np.abs(sound).max(initial=0.0)) for sound in block))
        return peak or 1.0

    def _write_files(
        self,
        folder: Path,
        audio_format: AudioFormat,
        depth: str | None,
        divisor: float,
        advance: AdvanceCallback,
        cover: bytes | None,
    ) -> list[Path]:
        rendering = self._open(audio_format)
        suffix = replace(self._settings, file_format=audio_format.name).suffix
        paths = [folder / f"{number}-{depth}{suffix}" for number in range(len(self._parts))]
        with ExitStack() as stack:
            blocks = stack.enter_context(closing(self._read(rendering, advance)))
            writers = [
                self._open_file(stack, path, part, audio_format, depth, rendering, cover)
                for path, part in zip(paths, self._parts, strict=True)
            ]
            for block in blocks:
                # Divided, not multiplied: the peak becomes exactly 1.
                scaled = (sound if divisor == 1.0 else sound / np.float32(divisor) for sound in block)
                sounds = (sound[:, : self._channels] for sound in scaled)
                for write, part in zip(writers, self._parts, strict=True):
                    write(list(islice(sounds, 1 + len(part.stems))))
        return paths

    def _open_file(
        self,
        stack: ExitStack,
        path: Path,
        part: Part,
        audio_format: AudioFormat,
        depth: str | None,
        rendering: Rendering,
        cover: bytes | None,
    ) -> _FileWriter:
        """Open the file of a part, which `stack` closes."""
        settings, sample_rate = self._settings, rendering.sample_rate
        tags = part_tags(self.written_job, part.title, cover) if settings.has_tags else SongTags()
        may_clip = settings.depth is not None  # a depth that the user has chosen is kept, even if it clips
        if part.stems:
            names = [name for name, _ in part.stems]
            stem_file = NiStemWriter(
                path,
                names,
                sample_rate,
                self._channels,
                audio_format=audio_format,
                depth=depth or DEFAULT_DEPTH,
                tags=tags,
                may_clip=may_clip,
            )
            stack.enter_context(stem_file)
            return lambda sounds: stem_file.write(sounds[0], sounds[1:])
        encoder = Encoder(
            path,
            audio_format,
            sample_rate,
            self._channels,
            rendering.frames,
            depth=depth,
            tags=tags,
            comment="" if settings.kind is ExportKind.MIX else STEM_COMMENT,
            may_clip=may_clip,
        )
        stack.enter_context(encoder)
        return lambda sounds: encoder.write(sounds[0])

    def _read(self, rendering: Rendering, advance: AdvanceCallback) -> Generator[list[NDArray[np.float32]]]:
        """Yield the rendered blocks of all parts, and count the source bytes that they stand for."""
        total_bytes = sum(stem_file_size(stem.path) for stem in self._job.stems)
        bytes_per_frame = total_bytes / max(1, rendering.frames)
        with self._input_errors(), closing(rendering.blocks()) as blocks:
            for block in blocks:
                advance(round(len(block[0]) * bytes_per_frame))
                yield block

    @contextmanager
    def _input_errors(self) -> Generator[None]:
        """Convert errors of the stems and of the stretcher, which are none of the folder's."""
        try:
            yield
        except (StorageError, SoundUnavailableError, soundfile.SoundFileError) as error:
            message = error.message if isinstance(error, UnbraidError) else _UNREADABLE
            raise UnusableTrackError(message) from error


def heard_state(home: Home, job: Job) -> SongState:
    """Return the state in which the user left the song, with the master, which is the same for all songs."""
    settings = load_settings(home)
    state = read_song_state(home.job_folder(job.id).song_state)
    return replace(state, master=Master(clamp_db(settings.master_db), settings.limiter))


def _is_panned(part: Part) -> bool:
    return any(left != right for left, right in part.gains.lanes)


def _with_written_tempo_and_key(job: Job, chain: ChainSettings) -> Job:
    """Return the job with the tempo and the key that its files have."""
    tempo_bpm = job.tempo_bpm * chain.speed_percent / 100 if job.tempo_bpm else None
    key = job.key.transposed(round(chain.cents / CENTS_PER_SEMITONE)) if job.key else None
    return replace(job, tempo_bpm=tempo_bpm, key=key)
