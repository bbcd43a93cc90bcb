"""``ifir-eval``: the group of commands, its defaults from project files, and its exit codes."""

from __future__ import annotations

import importlib
import keyword
import tomllib
from pathlib import Path
from typing import Any

import click

from ifir_eval.cli.options import tell
from ifir_eval.errors import IfirEvalError, IncompleteError, InvalidInputError, Problem, UnknownNameError

COMMANDS = (
    "run",
    "score",
    "compare",
    "gate",
    "report",
    "leaderboard",
    "rows",
    "benchmarks",
    "models",
    "synthesize",
    "train",
    "budget",
    "encode",
    "cache",
    "doctor",
    "export",
    "import",
)


class _Commands(click.Group):
    """Imports a command only when it is asked for, and turns our errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name + "_" * keyword.iskeyword(cmd_name)  # import_.py
        command: click.Command = importlib.import_module(f"ifir_eval.cli.{module}").command
        known = {parameter.name for parameter in command.params if parameter.name}
        if unknown := [name for name in (ctx.default_map or {}).get(cmd_name, ()) if name not in known]:
            raise UnknownNameError(f"option of {cmd_name!r} (in the project file)", unknown, known)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            raise UnknownNameError("command", [args[0]], COMMANDS)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            ctx.default_map = project_defaults(Path.cwd())
            return super().invoke(ctx)
        except KeyboardInterrupt:
            error: IfirEvalError = IncompleteError("interrupted; the same command starts again")
        except IfirEvalError as raised:
            error = raised
        except BrokenPipeError:  # whoever read has seen enough, which click knows how to end
            raise
        except OSError as raised:
            error = IfirEvalError(_told(raised))
        tell(f"ifir-eval: {error}\n", err=True)
        return ctx.exit(error.exit_code)


def _told(error: OSError) -> str:
    """Which file or folder is the matter; libraries raise such errors too, with a sentence of their own."""
    if error.filename is None or error.strerror is None:
        return f"{error}" or type(error).__name__
    return f"{error.filename}: {error.strerror}; look at the path, its permissions and the room on the disk"


def project_defaults(folder: Path) -> dict[str, Any]:
    """Default options by command: ``ifir-eval.toml``, else ``[tool.ifir-eval]`` of ``pyproject.toml``.

    Raises:
        InvalidInputError: if the file is no TOML, or not made of tables.
        UnknownNameError: for a table that is no command.
    """
    for name, keys in (("ifir-eval.toml", ()), ("pyproject.toml", ("tool", "ifir-eval"))):
        file = folder / name
        if not file.is_file():
            continue
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
            for key in keys:
                table = table.get(key, {})
        except (OSError, ValueError, AttributeError) as error:
            raise InvalidInputError("project defaults", [Problem(f"{error}", name)]) from error
        if table:
            return _by_command(table, name)
    return {}


def _by_command(table: object, file: str) -> dict[str, Any]:
    """Options by command, spelled as parameters are: ``max-length`` becomes ``max_length``."""
    commands = table if isinstance(table, dict) else {}
    if unknown := [key for key in commands if key not in COMMANDS]:
        raise UnknownNameError(f"command (a table of {file})", unknown, COMMANDS)
    if not commands or not all(isinstance(given, dict) for given in commands.values()):
        raise InvalidInputError("project defaults", [Problem("options must stand in a table a command", file)])
    return {
        command: {option.replace("-", "_"): value for option, value in given.items()}
        for command, given in commands.items()
        if command != "gate"  # whose table is its policy
    }


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "IFIR_EVAL"},
)
@click.version_option(package_name="ifir-eval")
def main() -> None:
    """Measure how well retrieval systems follow instructions.

    Every option can be set by an environment variable (IFIR_EVAL_<COMMAND>_<OPTION>) and by a project
    file (ifir-eval.toml, or [tool.ifir-eval.<command>] in pyproject.toml). Data goes to standard output,
    progress to standard error. Exit codes: 0 good, 1 gate failed, 2 usage or configuration,
    3 incomplete (the same command resumes).
    """
