"""The command line: one file a command; options in, printing out, no logic."""

from ifir_eval.cli.main import main

__all__ = ["main"]
