"""A vizgate plugin: ``vizgate targets CONFIG`` prints every target of a configuration, for scripts."""

from __future__ import annotations

import argparse

from vizgate import Command


class Targets(Command):
    """One line for each target: its service, its URL and its weight."""

    summary = "print every target of a configuration"
    contract_version = 1

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See ``Command.add_arguments``."""
        parser.add_argument("config", metavar="CONFIG", help="the YAML file")
        parser.add_argument("--service", metavar="NAME", help="of this service alone")

    def run(self, args: argparse.Namespace) -> int:
        """1 when there is none. Raises: ConfigError: the file cannot be used."""
        from vizgate import load_config  # here, so that --help is quick

        services = load_config(args.config).services
        lines = [
            f"{name}\t{target.url}\t{target.weight:g}"
            for name, service in services.items()
            if args.service in (None, name)
            for target in service.targets
        ]
        print("\n".join(lines))
        return 0 if lines else 1
