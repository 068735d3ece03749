"""Every runtime matches stock demucs; one that fails is replaced by torch on the CPU, with a notice."""

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from demucs.apply import BagOfModels, apply_model
from demucs.htdemucs import HTDemucs
from numpy.typing import NDArray

from desktop.pipeline.engines import openvino_cache
from desktop.pipeline.engines.demucs import DemucsEngine
from desktop.pipeline.engines.engine import Engine, Network, OutOfMemoryError, PendingStems, Runtime, Samples
from desktop.pipeline.engines.load import EngineSpec, fastest_runtime, load_engine, start_torch_on_cpu
from desktop.pipeline.engines.openvino_cache import cache_folder, is_verified
from desktop.pipeline.engines.openvino_export import main as convert
from desktop.pipeline.engines.torch_network import TorchNetwork, signature_of
from desktop.pipeline.engines.torch_runtime import read_model
from desktop.weights.package import openvino_cache_name
from tests.helpers.engines import TINY_KWARGS, separate_track, write_htdemucs
from tests.helpers.release import release_except

BAG = ((1.0, 0.0, 0.3, 0.5), (0.0, 1.0, 0.9, 0.25))
SHORT = TINY_KWARGS | {"nfft": 1024, "segment": 0.25}
RUNTIMES = ("torch", "openvino")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("weights")
    return [write_htdemucs(folder / f"{seed}.th", SHORT, seed) for seed in range(2)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def load(spec: EngineSpec) -> Engine:
    """Load the engine; convert models for OpenVINO in this process, which has loaded torch already."""
    for file in spec.files if spec.runtime == "openvino" and spec.cache and not spec.cache.is_file() else ():
        folder = cache_folder(file, spec.segment, spec.cache)
        if not is_verified(folder):
            convert([str(file), str(folder), str(spec.segment or "")])
    return load_engine(spec)


def load_model(path: Path) -> HTDemucs:
    return read_model(path, None)


def make_audio(frames: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(frames)
    return (rng.normal(0.01, 0.7, (2, frames)) * np.hanning(frames + 2)[1:-1]).astype(np.float32)


def separate_with_demucs(model: HTDemucs | BagOfModels, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    return apply_model(model, torch.from_numpy(sound)[None], shifts=0, split=True, overlap=0.25)[0].numpy()


def snr(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.square(expected).sum() / max(np.square(expected - actual).sum(), 1e-30)))


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("frames", release_except((30_001,), (700, 11025, 30_001)))
def test_runtime_matches_demucs(files: list[Path], cache: Path, runtime: str, frames: int) -> None:
    engine = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, cache=cache))
    assert (engine.runtime, engine.notices) == (runtime, ())
    sound = make_audio(frames)
    expected = separate_with_demucs(load_model(files[0]), sound)
    np.testing.assert_allclose(separate_track(engine, sound), expected, atol=2e-5)
    assert snr(expected, separate_track(engine, sound)) > 90


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"nfft": 4096, "norm_groups": 2, "norm_starts": 2}, marks=pytest.mark.release),
        pytest.param({"dconv_mode": 3, "dconv_depth": 2, "context": 1}, marks=pytest.mark.release),
        pytest.param({"rewrite": False, "dconv_mode": 0, "bottom_channels": 0}, marks=pytest.mark.release),
        {"t_layers": 0, "freq_emb": 0, "depth": 3},
    ],
)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_runtime_matches_demucs_for_other_architectures(
    tmp_path: Path, cache: Path, runtime: str, changes: dict[str, object]
) -> None:
    file = write_htdemucs(tmp_path / "other.th", SHORT | changes)
    engine = load(EngineSpec("other", "demucs", (file,), runtime=runtime, cache=cache))
    assert engine.runtime == runtime
    sound = make_audio(11025)[None]
    with torch.inference_mode():
        expected = load_model(file)(torch.from_numpy(sound)).numpy()
    np.testing.assert_allclose(engine.separate(sound)(), expected, atol=2e-5)


@pytest.mark.parametrize("runtime", release_except(("torch",), RUNTIMES))
def test_runtime_matches_demucs_for_a_bag_of_models(files: list[Path], cache: Path, runtime: str) -> None:
    engine = load(EngineSpec("two", "demucs", tuple(files), BAG, runtime=runtime, cache=cache))
    assert engine.runtime == runtime
    bag = BagOfModels([load_model(path) for path in files], [list(row) for row in BAG])
    sound = make_audio(30_001)
    np.testing.assert_allclose(separate_track(engine, sound), separate_with_demucs(bag, sound), atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("frames", release_except((3000,), (3000, 5512)))
def test_model_with_free_segment_length_gets_segments_without_padding(
    tmp_path: Path, cache: Path, runtime: str, frames: int
) -> None:
    file = write_htdemucs(tmp_path / "free.th", SHORT | {"use_train_segment": False})
    engine = load(EngineSpec("free", "demucs", (file,), segment=0.125, runtime=runtime, cache=cache))
    sound = make_audio(frames)[None]
    with torch.inference_mode():
        expected = load_model(file)(torch.from_numpy(sound)).numpy()
    np.testing.assert_allclose(engine.separate(sound)(), expected, atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_batch_of_segments_matches_segments_one_by_one(files: list[Path], cache: Path, runtime: str) -> None:
    engine = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, cache=cache))
    assert isinstance(engine, DemucsEngine)
    segments = np.stack([make_audio(11025), make_audio(11025)[:, ::-1]])
    one_by_one = np.concatenate([engine.separate(segment[None])() for segment in segments])
    engine.batch = 2
    np.testing.assert_allclose(engine.separate(segments)(), one_by_one, atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("fast", release_except((True,), (False, True)))
def test_stems_are_bit_identical_across_calls_and_engines(
    files: list[Path], cache: Path, runtime: str, fast: bool
) -> None:
    spec = EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, fast=fast, cache=cache)
    segment = make_audio(11025)[None]
    engine = load(spec)
    first = engine.separate(segment)()
    engine.separate(segment * 100)()
    np.testing.assert_array_equal(engine.separate(segment)(), first)
    np.testing.assert_array_equal(load(spec).separate(segment)(), first)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_fast_mode_stays_above_25_db_snr(files: list[Path], cache: Path, runtime: str) -> None:
    exact = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, cache=cache))
    fast = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, fast=True, cache=cache))
    assert fast.runtime in (runtime, f"{runtime} bf16")
    segment = make_audio(11025)[None]
    assert snr(exact.separate(segment)(), fast.separate(segment)()) > 25


def test_model_is_converted_once_in_a_separate_process(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = EngineSpec("tiny", "demucs", (files[0],), runtime="openvino", cache=tmp_path)
    (tmp_path / openvino_cache_name(files[0], "own-v1-2020.1")).mkdir()
    first = load_engine(spec)
    assert list(tmp_path.iterdir()) == [cache_folder(files[0], None, tmp_path)]
    monkeypatch.setattr(openvino_cache, "own_command", None)
    again = load_engine(spec)
    assert (first.runtime, again.runtime) == ("openvino", "openvino")
    segment = make_audio(11025)[None]
    np.testing.assert_array_equal(again.separate(segment)(), first.separate(segment)())


@pytest.mark.release
def test_moved_library_compiles_its_model_again_without_a_new_conversion(tmp_path: Path) -> None:
    original, destination = tmp_path / "original", tmp_path / "destination"
    original.mkdir()
    file = write_htdemucs(original / "tiny.th", SHORT)

    def compiled_blobs(folder: Path) -> list[str]:
        spec = EngineSpec("tiny", "demucs", (folder / file.name,), runtime="openvino", cache=folder / "cache")
        assert load(spec).runtime == "openvino"
        return sorted(path.name for path in folder.glob("cache/*/compiled-*/*.blob"))

    blobs = compiled_blobs(original)
    assert compiled_blobs(original) == blobs
    graph = next(original.glob("cache/*/core.xml")).stat()
    original.rename(destination)
    moved_blobs = compiled_blobs(destination)
    assert (len(moved_blobs), moved_blobs != blobs) == (1, True)
    times = [path.stat().st_mtime_ns for path in destination.glob("cache/*/compiled-*/*")]
    assert compiled_blobs(destination) == moved_blobs
    assert [path.stat().st_mtime_ns for path in destination.glob("cache/*/compiled-*/*")] == times
    assert next(destination.glob("cache/*/core.xml")).stat().st_mtime_ns == graph.st_mtime_ns, (
        "the model is not converted again"
    )


def test_converted_model_runs_without_torch(files: list[Path], cache: Path) -> None:
    load_openvino_engine(files, cache)
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from desktop.pipeline.engines.load import EngineSpec, load_engine\n"
        "engine = load_engine(EngineSpec('tiny', 'demucs', (Path(sys.argv[1]),), runtime='openvino', "
        "cache=Path(sys.argv[2])))\n"
        "engine.separate(np.zeros((1, 2, 11025), np.float32))()\n"
        "sys.exit(engine.runtime != 'openvino' or 'torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, files[0], cache], check=True)


@pytest.mark.parametrize("name", release_except(("core.bin",), ("core.bin", "about.json", "compiled-f32/*.blob")))
def test_damaged_conversion_is_rebuilt(files: list[Path], cache: Path, tmp_path: Path, name: str) -> None:
    expected = load_openvino_engine(files, cache).separate(make_audio(11025)[None])()
    shutil.copytree(cache, tmp_path / "cache")
    (file,) = cache_folder(files[0], None, tmp_path / "cache").glob(name)
    data = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(data[: len(data) // 2] + b"?" + data[len(data) // 2 + 1 :])
    engine = load_openvino_engine(files, tmp_path / "cache")
    assert engine.runtime == "openvino"
    np.testing.assert_array_equal(engine.separate(make_audio(11025)[None])(), expected)


def test_unwritable_cache_falls_back_to_torch_with_a_notice(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    engine = load_openvino_engine(files, tmp_path / "file")
    assert (engine.runtime, len(engine.notices)) == ("torch", 1)


def load_openvino_engine(files: list[Path], cache: Path) -> Engine:
    return load(EngineSpec("tiny", "demucs", (files[0],), runtime="openvino", cache=cache))


@pytest.mark.parametrize("runtime", ["cuda", "mps", "abacus"])
def test_unavailable_runtime_falls_back_to_torch_with_a_notice(files: list[Path], runtime: str) -> None:
    if runtime == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    engine = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime))
    assert engine.runtime == "torch"
    assert "PyTorch separated the song" in str(engine.notices[0])
    engine.separate(make_audio(11025)[None])()


def test_environment_variable_overrides_the_runtime_of_the_spec(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBRAID_RUNTIME", "torch")
    assert load(EngineSpec("tiny", "demucs", (files[0],), runtime="openvino")).runtime == "torch"


def test_fastest_runtime_is_openvino_only_with_a_cache_folder(cache: Path) -> None:
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has a GPU")
    assert (fastest_runtime(None), fastest_runtime(cache)) == ("torch", "openvino")


class FailingNetwork:
    """Raises `error` for batches larger than `max_segments`, and computes others with torch."""

    def __init__(self, model: HTDemucs, max_segments: int, error: type[RuntimeError]) -> None:
        self.network: Network = TorchNetwork(model)
        self.max_segments, self.error, self.batches = max_segments, error, list[int]()

    def __call__(self, segments: Samples) -> PendingStems:
        self.batches.append(len(segments))
        if len(segments) > self.max_segments:
            raise self.error("not so many")
        return self.network(segments)


def make_engine(file: Path, name: str = "torch", network: Network | None = None, batch: int = 1) -> DemucsEngine:
    """Return an engine of one model, computed by `network`, or by torch on the CPU."""
    model, fallback = load_model(file), partial(start_torch_on_cpu, EngineSpec("tiny", "demucs", (file,)))
    runtime = Runtime(name, (network or TorchNetwork(model),), (signature_of(model),), batch)
    return DemucsEngine("tiny", runtime, fallback)


@pytest.mark.parametrize(
    ("max_segments", "error", "batches", "runtime", "notices"),
    [
        (1, OutOfMemoryError, [4, 2, 1, 1, 1, 1], "card", 2),
        (0, OutOfMemoryError, [4, 2, 1], "torch", 3),
        (0, RuntimeError, [4], "torch", 1),
    ],
)
def test_failing_network_gets_smaller_batches_if_out_of_memory_then_torch_takes_over(
    files: list[Path], max_segments: int, error: type[RuntimeError], batches: list[int], runtime: str, notices: int
) -> None:
    network = FailingNetwork(load_model(files[0]), max_segments, error)
    engine = make_engine(files[0], "card", network, batch=4)
    segments = np.stack([make_audio(11025) * gain for gain in (1.0, 0.5, 0.25, 0.125)])
    stems = engine.separate(segments)()
    expected = np.concatenate([make_engine(files[0]).separate(segment[None])() for segment in segments])
    np.testing.assert_allclose(stems, expected, atol=2e-5)
    assert network.batches == batches
    assert (engine.runtime, engine.batch, len(engine.notices)) == (runtime, 1, notices)


def test_error_of_torch_on_the_cpu_is_raised(files: list[Path]) -> None:
    engine = make_engine(files[0], "torch", FailingNetwork(load_model(files[0]), 0, RuntimeError))
    with pytest.raises(RuntimeError, match="not so many"):
        engine.separate(make_audio(11025)[None])()


def test_float16_overflow_is_recomputed_in_float32(files: list[Path]) -> None:
    model = load_model(files[0])
    with torch.no_grad():
        # The layers after it undo this factor in float32; float16 overflows before.
        model.encoder[0].conv.weight.mul_(1e6)
    expected = TorchNetwork(model)(make_audio(11025)[None])()
    half = TorchNetwork(model, half_dtype=torch.float16)
    np.testing.assert_array_equal(half(make_audio(11025)[None])(), expected)


def test_mask_based_model_runs_entirely_on_torch(tmp_path: Path, cache: Path) -> None:
    file = write_htdemucs(tmp_path / "masks.th", SHORT | {"cac": False, "wiener_iters": -1, "end_iters": -1})
    engine = load(EngineSpec("masks", "demucs", (file,), runtime="openvino", cache=cache))
    sound = make_audio(11025)[None]
    with torch.inference_mode():
        expected = load_model(file)(torch.from_numpy(sound)).numpy()
    assert engine.runtime == "torch"
    np.testing.assert_allclose(engine.separate(sound)(), expected, atol=2e-5)


def test_openvino_telemetry_is_not_loaded(files: list[Path], cache: Path) -> None:
    load_openvino_engine(files, cache)
    code = (
        "import sys; from pathlib import Path; from desktop.pipeline.engines.load import EngineSpec, load_engine\n"
        "spec = EngineSpec('tiny', 'demucs', (Path(sys.argv[1]),), runtime='openvino', cache=Path(sys.argv[2]))\n"
        "assert load_engine(spec).runtime == 'openvino'\n"
        "sys.exit(any(sys.modules[name] for name in sys.modules if name.startswith('openvino_telemetry')))"
    )
    subprocess.run([sys.executable, "-c", code, files[0], cache], check=True)
