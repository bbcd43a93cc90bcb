"""The public names exist, are sorted, and cost nothing until they are used."""

from __future__ import annotations

import subprocess
import sys

import ifir_eval


def test_every_public_name_resolves() -> None:
    """What is listed can be imported, and the list is sorted."""
    assert list(ifir_eval.__all__) == sorted(ifir_eval.__all__)
    assert set(ifir_eval.__all__) == set(ifir_eval._HOMES)
    for name in ifir_eval.__all__:
        assert getattr(ifir_eval, name).__name__ == name


def test_importing_the_package_loads_none_of_its_rooms() -> None:
    """A user who imports one name pays for that one."""
    code = "import sys, ifir_eval; print([m for m in sys.modules if m.startswith(('ifir_eval.', 'numpy'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
