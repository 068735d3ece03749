"""The program that converts an HTDemucs for OpenVINO, in a process of its own."""

import faulthandler
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.converted import Converted, silence_openvino
from desktop.pipeline.engines.rearranged import RearrangedCore
from desktop.pipeline.engines.sealed import sealing
from desktop.pipeline.engines.spectrogram import Spectrogram
from desktop.pipeline.engines.torch_network import exact_attention, form_of, splits
from desktop.pipeline.engines.torch_runtime import read_model


def main(argv: Sequence[str]) -> int:
    """Convert the weights file `argv[0]` into the folder `argv[1]`, for segments of `argv[2]` seconds or, empty, its own.

    The folder of one that cannot be converted stays empty. Returns the exit status.
    """
    faulthandler.enable()  # whoever started this logs what it says
    weights, folder, seconds = argv
    try:
        model = read_model(Path(weights), float(seconds) if seconds else None)
    except ModelRejectedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with sealing(Path(folder)) as scratch:
        if _fits(model):
            _convert(model, Converted(scratch, form_of(model), model.nfft))
    return 0


def _fits(model: HTDemucs) -> bool:
    """Every segment must have one length, long enough to be mirrored at its ends."""
    form = form_of(model)
    return splits(model) and form.fills and form.length > Spectrogram(model.nfft).pad


def _convert(model: HTDemucs, into: Converted) -> None:
    silence_openvino()
    from openvino import convert_model, save_model

    length, spectrogram = into.form.length, Spectrogram(into.nfft)
    inputs = (torch.zeros(1, 4, into.nfft // 2, spectrogram.frames(length)), torch.zeros(1, 2, length))
    # The tracer remarks on every shape that it takes as fixed, which they are.
    with torch.no_grad(), exact_attention(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(RearrangedCore(model).eval(), inputs, check_trace=False)
        graph = convert_model(traced, example_input=inputs, input=[tuple(part.shape) for part in inputs])
    save_model(graph, into.graph, compress_to_fp16=False)
    into.tell()
