"""``ifir-eval``: the group of commands, its defaults from project files, and its exit codes."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

import click

from ifir_eval.errors import IfirEvalError, InvalidInputError, Problem

COMMANDS = ("run", "score", "benchmarks", "models", "doctor")


class _Commands(click.Group):
    """Imports a command only when it is asked for, and turns our errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ifir_eval.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            from ifir_eval.errors import UnknownNameError

            raise UnknownNameError("command", [args[0]], COMMANDS)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            ctx.default_map = project_defaults(Path.cwd())
            return super().invoke(ctx)
        except IfirEvalError as error:
            click.echo(f"ifir-eval: {error}", err=True)
            ctx.exit(error.exit_code)


def project_defaults(folder: Path) -> dict[str, Any]:
    """Default options by command: ``ifir-eval.toml``, else ``[tool.ifir-eval]`` of ``pyproject.toml``.

    Raises:
        InvalidInputError: if the file is no TOML.
    """
    for name, keys in (("ifir-eval.toml", ()), ("pyproject.toml", ("tool", "ifir-eval"))):
        file = folder / name
        if not file.is_file():
            continue
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise InvalidInputError("project defaults", [Problem(f"{error}", name)]) from error
        for key in keys:
            table = table.get(key, {})
        if table:
            return dict(table)
    return {}


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
