"""``ifir-eval cache``: the vectors that need not be computed again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import cache_option, json_option, progress_bar, say

if TYPE_CHECKING:
    from ifir_eval.encoding.upkeep import StoredSpace

_UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def _bytes(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """How many bytes a size such as 5GB, 800MB, 1.5TB, 2GiB or 0 is."""
    written = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", value.strip().lower())
    if written is None:
        raise click.BadParameter(f"{value!r} is no size; write 5GB, 800MB or 2GiB", context, parameter)
    return int(float(written[1]) * _UNITS[written[2] or ""])


class _ShowsByDefault(click.Group):
    """Options without a command before them are for ``show``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in self.get_help_option_names(ctx)):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("cache", cls=_ShowsByDefault)
def command() -> None:
    """Show, verify or prune the cache of vectors; without a command, show it.

    Every text that a model encodes is kept there, so that the next command need not encode it again, and so
    is every model that a --backend has converted.
    """


@command.command("show")
@cache_option
@json_option
def show(cache: Path | None, json: bool) -> None:
    """Show whose vectors are there, how many, how large they are, and when they were last of use."""
    folder, spaces = _open(cache)
    if json:
        listed = [
            {
                "name": space.name,
                "identity": space.identity,
                "folder": str(space.folder),
                "texts": space.texts(),
                "bytes": space.size,
                "converted_bytes": _converted(space),
                "last_used": datetime.fromtimestamp(space.used, UTC).isoformat(timespec="seconds"),
            }
            for space in spaces
        ]
        total = sum(space.size for space in spaces)
        click.echo(dumps({"folder": str(folder), "bytes": total, "spaces": listed}, ensure_ascii=False))
        return
    click.echo(
        f"{folder}: {_readable(sum(space.size for space in spaces))} of {_count(len(spaces), 'encoder')}"
    )
    for space in spaces:
        used = datetime.fromtimestamp(space.used).astimezone().strftime("%Y-%m-%d %H:%M")
        settings = ", ".join(
            f"{key}={_short(value)}" for key, value in space.identity.items() if value is not None
        )
        converted = f", a converted model of {_readable(_converted(space))}" if space.conversions else ""
        click.echo(f"\n{space.name or '(of an unknown encoder)'}")
        vectors = _readable(space.size - _converted(space))
        click.echo(f"    {_count(space.texts(), 'text')}, {vectors}{converted}, last used {used}")
        click.echo(f"    {settings or '(settings unknown)'}")


@command.command("verify")
@cache_option
@click.option("--remove", "removes", is_flag=True, help="Remove every damaged shard as a whole.")
@json_option
def verify_all(cache: Path | None, removes: bool, json: bool) -> None:
    """Compare every vector with its checksum, and list what is broken; exit code 2 if something is.

    What is damaged is never used, only computed again, so nothing has to be done about it.
    """
    from ifir_eval.encoding.upkeep import remove, verify

    folder, spaces = _open(cache)
    damages = verify(spaces, progress_bar)
    if json:
        told = [{"shard": str(damage.shard.reader.path), "problem": damage.problem} for damage in damages]
        click.echo(dumps({"folder": str(folder), "damages": told}, ensure_ascii=False))
    else:
        for shard, problem in damages:
            click.echo(f"{shard.reader.path}: {problem}")
        if not damages:
            click.echo(f"{folder}: {_count(sum(space.texts() for space in spaces), 'text')}, all intact")
    broken = list(dict.fromkeys(damage.shard for damage in damages))
    if broken and not removes:
        say("'ifir-eval cache verify --remove' removes these shards, with what is whole in them")
        raise SystemExit(2)
    if broken:
        removal = remove(broken)
        say(f"removed {_count(removal.shards, 'shard')}, {_readable(removal.size)}{_left_alone(removal.busy)}")
        if removal.busy:
            raise SystemExit(2)


@command.command("prune")
@cache_option
@click.option("--size", callback=_bytes, required=True, help="What may stay, as in 5GB; 0 removes everything.")
@json_option
def prune_to(cache: Path | None, size: int, json: bool) -> None:
    """Remove what was not used for the longest time until the rest fits.

    Nothing is removed that another process is writing at this moment; one that only reads may have to be
    started again.
    """
    from ifir_eval.encoding.upkeep import prune

    _, spaces = _open(cache)
    removal = prune(spaces, size)
    left = sum(space.size for space in spaces) - removal.size
    if json:
        told = {
            "removed_shards": removal.shards,
            "removed_models": removal.conversions,
            "removed_bytes": removal.size,
            "left_bytes": left,
        }
        click.echo(dumps(told))
        return
    models = f" and {_count(removal.conversions, 'converted model')}" if removal.conversions else ""
    click.echo(
        f"removed {_count(removal.shards, 'shard')}{models}, {_readable(removal.size)}; "
        f"{_readable(left)} are left{_left_alone(removal.busy)}"
    )


def _open(cache: Path | None) -> tuple[Path, list[StoredSpace]]:
    from ifir_eval.encoding.cache import default_folder
    from ifir_eval.encoding.upkeep import survey

    folder = cache or default_folder()
    return folder, survey(folder)


def _readable(size: int) -> str:
    from rich.filesize import decimal

    return decimal(size)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _converted(space: StoredSpace) -> int:
    return sum(conversion.size for conversion in space.conversions)


def _short(value: object) -> str:
    """A revision or fingerprint is told by its first digits, and what has lines of its own in one."""
    said = str(value)
    if re.fullmatch(r"[0-9a-f]{40,}", said):
        return said[:12]
    return shorten(said, 60, placeholder=" …") if "\n" in said else said


def _left_alone(busy: int) -> str:
    return f"; left alone what a process is writing: {_count(busy, 'shard')}" if busy else ""
