"""What several rooms' tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine takes longer than hypothesis allows an example by default.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SHARED = Path(os.environ.get("IFIR_EVAL_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session", autouse=True)
def _own_user_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Vectors and converted models of an earlier session must not answer for this one."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.getbasetemp() / "user-cache")


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """``shared_data("csfcube")``: the folder of that real data, or a skip where it is absent."""

    def find(name: str) -> Path:
        folder = SHARED / "data" / name
        if not folder.is_dir():
            pytest.skip(f"needs the real data {name!r}, which is not at {folder} (set IFIR_EVAL_SHARED)")
        return folder

    return find
