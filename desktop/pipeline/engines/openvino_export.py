"""Export of an HTDemucs to OpenVINO, run as a separate process."""

import faulthandler
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.fused_core import FusedCore
from desktop.pipeline.engines.openvino_cache import ExportedModel, disable_openvino_telemetry, verified_folder
from desktop.pipeline.engines.spectrogram import SpectrogramTransform
from desktop.pipeline.engines.torch_network import attention_fastpath_disabled, has_separable_core, signature_of
from desktop.pipeline.engines.torch_runtime import read_model


def main(argv: Sequence[str]) -> int:
    """Convert the weights file `argv[0]` into the folder `argv[1]` for segments of `argv[2]` seconds.

    An empty `argv[2]` selects the model's own segment length. The folder of a model that cannot be converted stays
    empty. Returns the exit status.
    """
    faulthandler.enable()  # the parent process logs stderr
    weights, folder, seconds = argv
    try:
        model = read_model(Path(weights), float(seconds) if seconds else None)
    except ModelRejectedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with verified_folder(Path(folder)) as scratch:
        if _is_exportable(model):
            _export_model(model, ExportedModel(scratch, signature_of(model), model.nfft))
    return 0


def _is_exportable(model: HTDemucs) -> bool:
    """Return True if all segments have one length, long enough for the reflection padding at the ends."""
    signature = signature_of(model)
    padding = SpectrogramTransform(model.nfft).padding
    return has_separable_core(model) and signature.pads_short_input and signature.length > padding


def _export_model(model: HTDemucs, target: ExportedModel) -> None:
    disable_openvino_telemetry()
    from openvino import convert_model, save_model

    length, spectrogram = target.signature.length, SpectrogramTransform(target.nfft)
    example_inputs = (torch.zeros(1, 4, target.nfft // 2, spectrogram.count_frames(length)), torch.zeros(1, 2, length))
    # The tracer warns of every shape that it treats as constant, and here they are constant.
    with torch.no_grad(), attention_fastpath_disabled(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(FusedCore(model).eval(), example_inputs, check_trace=False)
        graph = convert_model(
            traced, example_input=example_inputs, input=[tuple(part.shape) for part in example_inputs]
        )
    save_model(graph, target.graph_path, compress_to_fp16=False)
    target.write_metadata()
