"""Write docs/reference/commands.md: every command and setting, from the registry of operations.

Run as `./dev python -m tools.command_reference`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from counterfoil import errors
from counterfoil.cli.failures import DEBUG_VARIABLE
from counterfoil.cli.forwarding import NODE_ENVIRONMENT
from counterfoil.cli.help import SHELL_OPTIONS, option_row, usage_of
from counterfoil.cli.main import OUTPUT_VARIABLE
from counterfoil.ledger.config import ENVIRONMENT_PREFIX, Config, format_config
from counterfoil.ledger.state import STATE_ENVIRONMENT
from counterfoil.ops.models import PASSWORD
from counterfoil.ops.place import ENVIRONMENT
from counterfoil.ops.registry import GROUPS, OPERATIONS, load
from counterfoil.ops.signature import fields_of
from counterfoil.ops.supply.sensing import PASSWORD_ENVIRONMENT, USER_ENVIRONMENT
from counterfoil.ports import Operation
from counterfoil.remote import KEY_ENVIRONMENT

__all__ = ["PAGE", "main", "page"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "commands.md"

HEAD = """\
# Commands and settings

Standard output is data, standard error is progress and errors. Where standard output is no
terminal, a command prints JSON. Long work shows progress, and can be interrupted and run again.
This page is made from the source by `./dev python -m tools.command_reference`.

- A command that lists prints one object a line, and nothing where there is none: `while read` and
  `jq` need no array. `-n` bounds it. A search prints one object, a page: its `hits`, how many there
  are in all, and `next`, to be given as `--after` for the page after it. Whatever else a command
  tells is one object.
- `-o` names the file to write, and its ending says what it holds. Where `-` may stand for standard
  output, help says so.
- `--from` and `--until` are both included; a day is all of it, in UTC. A reason is `--why`.
"""

STATUSES = {
    0: "done",
    1: "verification failed, or a log is damaged",
    2: "used wrongly, or a file or text that is not what it must be",
    3: "not found",
    4: "refused by a check, a policy or the ledger's state",
    5: "a disk, process or peer cannot serve now",
    70: "a bug of Counterfoil",
    130: "interrupted by Ctrl-C",
}

VARIABLES = (
    (ENVIRONMENT, "folder of the ledger, where `--ledger` names none"),
    (
        STATE_ENVIRONMENT,
        "where this user's Counterfoil remembers; else `$XDG_STATE_HOME/counterfoil`, else "
        "`~/.local/state/counterfoil`",
    ),
    (NODE_ENVIRONMENT, "address of the node that does what commands say"),
    (USER_ENVIRONMENT, "who asks the broker of `supply listen`, where `--user` does not say"),
    (PASSWORD_ENVIRONMENT, "password for the broker of `supply listen`"),
    (KEY_ENVIRONMENT, "key that is shown to a node, by commands and by `counterfoil.connect`"),
    (OUTPUT_VARIABLE, "`json` or `text`, where neither `--json` nor `--text` says"),
    (DEBUG_VARIABLE, "`1` shows where an error came from"),
    (PASSWORD, "password of the key with which `model sign` signs, if it has one"),
    ("NO_COLOR", "anything: no colours"),
)


def page() -> str:
    """Format the page."""
    return "\n".join([HEAD, *_statuses(), *_commands(), *_settings()]) + "\n"


def _commands() -> Iterator[str]:
    for operation in OPERATIONS:
        group = operation.words[0]
        if len(operation.words) == 1 or group not in GROUPS:
            yield from _command(operation)
    for group, about in GROUPS.items():
        yield from (f"## {group}", "", about, "")
        for operation in OPERATIONS:
            if operation.words[0] == group and len(operation.words) > 1:
                yield from _command(operation)


def _command(operation: Operation) -> Iterator[str]:
    fields = fields_of(load(operation))
    mark = "##" if len(operation.words) == 1 else "###"
    yield from (f"{mark} counterfoil {operation.name}", "", operation.summary, "")
    yield from ("```text", usage_of(operation, fields), "```", "")
    rows = [(f.shown_value, f.help) for f in fields if f.positional]
    rows += [option_row(f) for f in fields if not f.positional]
    if rows:
        yield from ("| argument | meaning |", "|---|---|")
        yield from (f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows)
        yield ""
    yield from ("```text", *(f"$ {example}" for example in operation.examples), "```", "")


def _statuses() -> Iterator[str]:
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "CounterfoilError"]
    yield from ("Every command knows these options:", "")
    yield from ("| option | meaning |", "|---|---|")
    yield from (f"| `{name}` | {text} |" for name, text in SHELL_OPTIONS)
    yield from ("", "## Exit status", "", "| status | means | errors |", "|---:|---|---|")
    for status, means in STATUSES.items():
        names = [f"`{kind.__name__}`" for kind in kinds if kind.exit_status == status]
        yield f"| {status} | {means} | {', '.join(names)} |"
    yield ""


def _settings() -> Iterator[str]:
    yield from ("## Settings", "", "A flag beats the environment, which beats `counterfoil.toml`.")
    yield from ("", "| variable | meaning |", "|---|---|")
    yield from (f"| `{name}` | {text} |" for name, text in VARIABLES)
    yield from (
        "",
        "In the ledger's `counterfoil.toml`, and some in the environment too:",
        "",
    )
    yield from ("| setting | default | variable | meaning |", "|---|---|---|---|")
    shown = format_config(Config(origin="…", name="…", organisation="urn:x")).decode().splitlines()
    for comment, line in zip(shown[1::2], shown[2::2], strict=True):
        key, _, value = line.partition(" = ")
        fixed = key in ("origin", "name", "organisation")
        variable = "" if fixed else f"`{ENVIRONMENT_PREFIX}{key.upper()}`"
        default = "" if fixed else f"`{value}`"
        yield f"| `{key}` | {default} | {variable} | {comment.removeprefix('# ')} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
