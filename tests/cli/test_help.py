"""``--help`` answers at once, for every command."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ifir_eval.cli.main import COMMANDS

HEAVY = ("torch", "transformers", "sentence_transformers", "mteb", "datasets", "matplotlib", "scipy", "pandas")
PROBE = """
import sys
from ifir_eval.cli import main
main({arguments!r}, standalone_mode=False)
print(*sorted({{name.partition(".")[0] for name in sys.modules}}), len(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_imports_no_heavy_package(command: tuple[str, ...]) -> None:
    """Importing torch alone would cost two seconds; a bare interpreter with click has about 200 modules."""
    code = PROBE.format(arguments=[*command, "--help"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *packages, count = done.stderr.split()
    assert "Usage:" in done.stdout
    assert not set(HEAVY) & set(packages)
    assert int(count) < 300
