"""Every runtime gives what stock demucs gives; what fails gives way to torch on the processor, and says so."""

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

from desktop.paths import openvino_cache_name
from desktop.pipeline.engines import openvino_cache
from desktop.pipeline.engines.demucs import DemucsEngine
from desktop.pipeline.engines.engine import Engine, Network, OutOfMemoryError, PendingStems, Runtime, Samples
from desktop.pipeline.engines.load import EngineSpec, fastest_runtime, load_engine, start_torch_on_cpu
from desktop.pipeline.engines.openvino_cache import cache_folder, is_verified
from desktop.pipeline.engines.openvino_export import main as convert
from desktop.pipeline.engines.torch_network import TorchNetwork, signature_of
from desktop.pipeline.engines.torch_runtime import read_model
from tests.helpers.engines import TINY_KWARGS, separate_track, write_htdemucs

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
    """The engine; what OpenVINO needs is converted in this process, which has torch already."""
    for file in spec.files if spec.runtime == "openvino" and spec.cache and not spec.cache.is_file() else ():
        folder = cache_folder(file, spec.segment, spec.cache)
        if not is_verified(folder):
            convert([str(file), str(folder), str(spec.segment or "")])
    return load_engine(spec)


def model_of(path: Path) -> HTDemucs:
    return read_model(path, None)


def song(frames: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(frames)
    return (rng.normal(0.01, 0.7, (2, frames)) * np.hanning(frames + 2)[1:-1]).astype(np.float32)


def stock(model: HTDemucs | BagOfModels, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    return apply_model(model, torch.from_numpy(sound)[None], shifts=0, split=True, overlap=0.25)[0].numpy()


def snr(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.square(expected).sum() / max(np.square(expected - found).sum(), 1e-30)))


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("frames", [700, 11025, 30_001])
def test_a_runtime_gives_what_demucs_gives(files: list[Path], cache: Path, runtime: str, frames: int) -> None:
    engine = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, cache=cache))
    assert (engine.runtime, engine.notices) == (runtime, ())
    sound = song(frames)
    expected = stock(model_of(files[0]), sound)
    np.testing.assert_allclose(separate_track(engine, sound), expected, atol=2e-5)
    assert snr(expected, separate_track(engine, sound)) > 90


@pytest.mark.parametrize(
    "more",
    [
        {"nfft": 4096, "norm_groups": 2, "norm_starts": 2},
        {"dconv_mode": 3, "dconv_depth": 2, "context": 1},
        {"rewrite": False, "dconv_mode": 0, "bottom_channels": 0},
        {"t_layers": 0, "freq_emb": 0, "depth": 3},
    ],
)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_models_of_other_forms_give_what_demucs_gives(
    tmp_path: Path, cache: Path, runtime: str, more: dict[str, object]
) -> None:
    file = write_htdemucs(tmp_path / "other.th", SHORT | more)
    engine = load(EngineSpec("other", "demucs", (file,), runtime=runtime, cache=cache))
    assert engine.runtime == runtime
    sound = song(11025)[None]
    with torch.inference_mode():
        expected = model_of(file)(torch.from_numpy(sound)).numpy()
    np.testing.assert_allclose(engine.separate(sound)(), expected, atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_bag_gives_what_demucs_gives(files: list[Path], cache: Path, runtime: str) -> None:
    engine = load(EngineSpec("two", "demucs", tuple(files), BAG, runtime=runtime, cache=cache))
    assert engine.runtime == runtime
    bag = BagOfModels([model_of(path) for path in files], [list(row) for row in BAG])
    sound = song(30_001)
    np.testing.assert_allclose(separate_track(engine, sound), stock(bag, sound), atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("frames", [3000, 5512])
def test_a_model_that_takes_segments_as_they_are_gets_them(
    tmp_path: Path, cache: Path, runtime: str, frames: int
) -> None:
    file = write_htdemucs(tmp_path / "free.th", SHORT | {"use_train_segment": False})
    engine = load(EngineSpec("free", "demucs", (file,), segment=0.125, runtime=runtime, cache=cache))
    sound = song(frames)[None]
    with torch.inference_mode():
        expected = model_of(file)(torch.from_numpy(sound)).numpy()
    np.testing.assert_allclose(engine.separate(sound)(), expected, atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_several_segments_at_once_are_those_one_by_one(files: list[Path], cache: Path, runtime: str) -> None:
    engine = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, cache=cache))
    assert isinstance(engine, DemucsEngine)
    segments = np.stack([song(11025), song(11025)[:, ::-1]])
    one_by_one = np.concatenate([engine.separate(segment[None])() for segment in segments])
    engine.batch = 2
    np.testing.assert_allclose(engine.separate(segments)(), one_by_one, atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("fast", [False, True])
def test_the_answer_is_the_same_bits_in_every_process(files: list[Path], cache: Path, runtime: str, fast: bool) -> None:
    spec = EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, fast=fast, cache=cache)
    segment = song(11025)[None]
    engine = load(spec)
    first = engine.separate(segment)()
    engine.separate(segment * 100)()
    np.testing.assert_array_equal(engine.separate(segment)(), first)
    np.testing.assert_array_equal(load(spec).separate(segment)(), first)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_speed_mode_is_off_by_little(files: list[Path], cache: Path, runtime: str) -> None:
    exact = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, cache=cache))
    fast = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime, fast=True, cache=cache))
    assert fast.runtime in (runtime, f"{runtime} bf16")
    segment = song(11025)[None]
    assert snr(exact.separate(segment)(), fast.separate(segment)()) > 25


def test_a_model_is_converted_once_in_a_process_of_its_own(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = EngineSpec("tiny", "demucs", (files[0],), runtime="openvino", cache=tmp_path)
    (tmp_path / openvino_cache_name(files[0], "own-v1-2020.1")).mkdir()
    first = load_engine(spec)
    assert list(tmp_path.iterdir()) == [cache_folder(files[0], None, tmp_path)]
    monkeypatch.setattr(openvino_cache, "own_command", None)
    again = load_engine(spec)
    assert (first.runtime, again.runtime) == ("openvino", "openvino")
    segment = song(11025)[None]
    np.testing.assert_array_equal(again.separate(segment)(), first.separate(segment)())


def test_a_conversion_goes_with_its_library_wherever_that_is_carried(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    file = write_htdemucs(here / "tiny.th", SHORT)

    def compiled(folder: Path) -> list[str]:
        spec = EngineSpec("tiny", "demucs", (folder / file.name,), runtime="openvino", cache=folder / "cache")
        assert load(spec).runtime == "openvino"
        return sorted(path.name for path in folder.glob("cache/*/compiled-*/*.blob"))

    made = compiled(here)
    assert compiled(here) == made
    graph = next(here.glob("cache/*/core.xml")).stat()
    here.rename(there)
    moved = compiled(there)
    assert (len(moved), moved != made) == (1, True)
    times = [path.stat().st_mtime_ns for path in there.glob("cache/*/compiled-*/*")]
    assert compiled(there) == moved
    assert [path.stat().st_mtime_ns for path in there.glob("cache/*/compiled-*/*")] == times
    assert next(there.glob("cache/*/core.xml")).stat().st_mtime_ns == graph.st_mtime_ns, "it is not converted again"


def test_a_converted_model_is_computed_without_torch(files: list[Path], cache: Path) -> None:
    on_openvino(files, cache)
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from desktop.pipeline.engines.load import EngineSpec, load_engine\n"
        "engine = load_engine(EngineSpec('tiny', 'demucs', (Path(sys.argv[1]),), runtime='openvino', "
        "cache=Path(sys.argv[2])))\n"
        "engine.separate(np.zeros((1, 2, 11025), np.float32))()\n"
        "sys.exit(engine.runtime != 'openvino' or 'torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, files[0], cache], check=True)


@pytest.mark.parametrize("name", ["core.bin", "about.json", "compiled-f32/*.blob"])
def test_a_damaged_conversion_is_made_anew(files: list[Path], cache: Path, tmp_path: Path, name: str) -> None:
    expected = on_openvino(files, cache).separate(song(11025)[None])()
    shutil.copytree(cache, tmp_path / "cache")
    (file,) = cache_folder(files[0], None, tmp_path / "cache").glob(name)
    data = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(data[: len(data) // 2] + b"?" + data[len(data) // 2 + 1 :])
    engine = on_openvino(files, tmp_path / "cache")
    assert engine.runtime == "openvino"
    np.testing.assert_array_equal(engine.separate(song(11025)[None])(), expected)


def test_where_nothing_can_be_kept_torch_separates_and_says_so(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    engine = on_openvino(files, tmp_path / "file")
    assert (engine.runtime, len(engine.notices)) == ("torch", 1)


def on_openvino(files: list[Path], cache: Path) -> Engine:
    return load(EngineSpec("tiny", "demucs", (files[0],), runtime="openvino", cache=cache))


@pytest.mark.parametrize("runtime", ["cuda", "mps", "abacus"])
def test_a_runtime_that_is_not_to_be_had_gives_way_to_torch(files: list[Path], runtime: str) -> None:
    if runtime == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has a graphics card")
    engine = load(EngineSpec("tiny", "demucs", (files[0],), runtime=runtime))
    assert engine.runtime == "torch"
    assert "torch separates instead" in engine.notices[0]
    engine.separate(song(11025)[None])()


def test_the_environment_goes_before_the_spec(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNBRAID_RUNTIME", "torch")
    assert load(EngineSpec("tiny", "demucs", (files[0],), runtime="openvino")).runtime == "torch"


def test_without_a_place_to_keep_it_nothing_is_converted_unasked(cache: Path) -> None:
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has a graphics card")
    assert (fastest_runtime(None), fastest_runtime(cache)) == ("torch", "openvino")


class Failing:
    """Refuses batches over `most` with `error`, and computes others with torch."""

    def __init__(self, model: HTDemucs, most: int, error: type[RuntimeError]) -> None:
        self.network: Network = TorchNetwork(model)
        self.most, self.error, self.seen = most, error, list[int]()

    def __call__(self, segments: Samples) -> PendingStems:
        self.seen.append(len(segments))
        if len(segments) > self.most:
            raise self.error("not so many")
        return self.network(segments)


def engine_of(file: Path, name: str = "torch", network: Network | None = None, batch: int = 1) -> DemucsEngine:
    """An engine of one model, which is computed by `network`, or torch on the processor."""
    model, stand_in = model_of(file), partial(start_torch_on_cpu, EngineSpec("tiny", "demucs", (file,)))
    runtime = Runtime(name, (network or TorchNetwork(model),), (signature_of(model),), batch)
    return DemucsEngine("tiny", runtime, stand_in)


@pytest.mark.parametrize(
    ("most", "error", "batches", "runtime", "notices"),
    [
        (1, OutOfMemoryError, [4, 2, 1, 1, 1, 1], "card", 2),
        (0, OutOfMemoryError, [4, 2, 1], "torch", 3),
        (0, RuntimeError, [4], "torch", 1),
    ],
)
def test_what_fails_is_tried_with_less_and_then_on_the_processor(
    files: list[Path], most: int, error: type[RuntimeError], batches: list[int], runtime: str, notices: int
) -> None:
    network = Failing(model_of(files[0]), most, error)
    engine = engine_of(files[0], "card", network, batch=4)
    segments = np.stack([song(11025) * part for part in (1.0, 0.5, 0.25, 0.125)])
    answer = engine.separate(segments)()
    expected = np.concatenate([engine_of(files[0]).separate(one[None])() for one in segments])
    np.testing.assert_allclose(answer, expected, atol=2e-5)
    assert network.seen == batches
    assert (engine.runtime, engine.batch, len(engine.notices)) == (runtime, 1, notices)


def test_torch_on_the_processor_has_nothing_to_give_way_to(files: list[Path]) -> None:
    engine = engine_of(files[0], "torch", Failing(model_of(files[0]), 0, RuntimeError))
    with pytest.raises(RuntimeError, match="not so many"):
        engine.separate(song(11025)[None])()


def test_what_16_bit_numbers_cannot_hold_is_computed_with_32(files: list[Path]) -> None:
    model = model_of(files[0])
    with torch.no_grad():
        # Undone by what follows it, as far as 32 bits are concerned.
        model.encoder[0].conv.weight.mul_(1e6)
    expected = TorchNetwork(model)(song(11025)[None])()
    half = TorchNetwork(model, half_dtype=torch.float16)
    np.testing.assert_array_equal(half(song(11025)[None])(), expected)


def test_a_model_of_masks_is_computed_whole(tmp_path: Path, cache: Path) -> None:
    file = write_htdemucs(tmp_path / "masks.th", SHORT | {"cac": False, "wiener_iters": -1, "end_iters": -1})
    engine = load(EngineSpec("masks", "demucs", (file,), runtime="openvino", cache=cache))
    sound = song(11025)[None]
    with torch.inference_mode():
        expected = model_of(file)(torch.from_numpy(sound)).numpy()
    assert engine.runtime == "torch"
    np.testing.assert_allclose(engine.separate(sound)(), expected, atol=2e-5)


def test_openvino_tells_nobody_that_it_is_used(files: list[Path], cache: Path) -> None:
    on_openvino(files, cache)
    code = (
        "import sys; from pathlib import Path; from desktop.pipeline.engines.load import EngineSpec, load_engine\n"
        "spec = EngineSpec('tiny', 'demucs', (Path(sys.argv[1]),), runtime='openvino', cache=Path(sys.argv[2]))\n"
        "assert load_engine(spec).runtime == 'openvino'\n"
        "sys.exit(any(sys.modules[name] for name in sys.modules if name.startswith('openvino_telemetry')))"
    )
    subprocess.run([sys.executable, "-c", code, files[0], cache], check=True)
