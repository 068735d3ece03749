import subprocess
import sys

import pytest

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.load import EngineSpec, load_engine


def test_sketch_loads_without_files_and_without_torch() -> None:
    code = (
        "import sys; from desktop.pipeline.engines.load import EngineSpec, load_engine; "
        "assert load_engine(EngineSpec('sketch', 'sketch')).name == 'sketch'; sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_model_of_an_unknown_kind_is_rejected() -> None:
    with pytest.raises(ModelRejectedError, match=r"needs an engine that Unbraid does not have \(spleeter\)"):
        load_engine(EngineSpec("vocals", "spleeter"))


def test_model_without_files_is_rejected() -> None:
    with pytest.raises(ModelRejectedError, match="htdemucs has no weights"):
        load_engine(EngineSpec("htdemucs", "demucs"))
