"""Name the files of a ledger's folder, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from counterfoil.errors import InputError, NotFound

__all__ = ["Layout", "key_files", "shared_files"]


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of the ledger in `folder`.

    config: settings. policy: whom its readers should trust (C2SP tlog-policy). database: the
    tail. index: the search index, which can be deleted. keys: private keys, 0600. payloads:
    what is kept beside the log. `checkpoint` and `tile/` stand in the folder itself.
    """

    folder: Path

    @property
    def config(self) -> Path:
        """`counterfoil.toml`."""
        return self.folder / "counterfoil.toml"

    @property
    def policy(self) -> Path:
        """`policy.txt`."""
        return self.folder / "policy.txt"

    @property
    def database(self) -> Path:
        """`ledger.db`."""
        return self.folder / "ledger.db"

    @property
    def index(self) -> Path:
        """`index.db`."""
        return self.folder / "index.db"

    @property
    def keys(self) -> Path:
        """`keys/`."""
        return self.folder / "keys"

    @property
    def payloads(self) -> Path:
        """`payload/`."""
        return self.folder / "payload"

    @property
    def vault(self) -> Path:
        """`vault.db`: sealed personal data; its keys are in the state folder."""
        return self.folder / "vault.db"

    @property
    def vault_keys(self) -> Path:
        """`vault.keys.db`: its keys, in a backup with keys only."""
        return self.folder / "vault.keys.db"

    @property
    def anchors(self) -> Path:
        """`anchors.json`: where the log is anchored, for its readers."""
        return self.folder / "anchors.json"

    @property
    def anchor_book(self) -> Path:
        """`anchor.db`: what is to be anchored, what was signed for it, where it stands."""
        return self.folder / "anchor.db"

    @property
    def act_book(self) -> Path:
        """`act.db`: which proven decisions are to be acted on, what was signed, where it stands."""
        return self.folder / "act.db"

    @property
    def access_book(self) -> Path:
        """Keys, sessions and quotas of a node that serves the ledger."""
        return self.folder / "access.db"

    @property
    def energy(self) -> Path:
        """`energy.json`: CPU seconds and joules that the ledger has cost."""
        return self.folder / "energy.json"

    @property
    def chain(self) -> Path:
        """`chain.db`: the ledger's embedded chain."""
        return self.folder / "chain.db"

    @property
    def chain_keys(self) -> Path:
        """`chain.keys/`: what pays on the embedded chain."""
        return self.folder / "chain.keys"

    @property
    def deployments(self) -> Path:
        """`deployments/`: the contracts on each chain."""
        return self.folder / "deployments"

    @property
    def forecasts(self) -> Path:
        """`forecasts/`: what opens committed forecasts, and the proofs of their times."""
        return self.folder / "forecasts"

    @property
    def lists(self) -> Path:
        """`lists/`: sanctions lists at hand, a file or folder each, which its owner puts there."""
        return self.folder / "lists"

    @property
    def requests(self) -> Path:
        """`http.db`: answers to requests that may come again; may be deleted."""
        return self.folder / "http.db"

    @property
    def access_settings(self) -> Path:
        """`access.toml`: whose tokens the ledger's node takes, and its limits."""
        return self.folder / "access.toml"

    def exists(self) -> bool:
        """Tell whether a ledger is there. Raises InputError with code ledger.path."""
        try:
            return self.config.is_file()
        except (OSError, ValueError) as err:
            raise InputError(
                "ledger.path",
                f"expected the path of a folder, found one that cannot be read: {str(err)!a}",
                hint="Check its length, its characters and its permissions.",
            ) from err

    def require(self) -> None:
        """Check that a ledger is there.

        Raises NotFound with code ledger.missing, InputError with code ledger.path.
        """
        if not self.exists():
            raise NotFound(
                "ledger.missing",
                f"expected a ledger at {self.folder}, found "
                f"{'no counterfoil.toml in it' if self.folder.is_dir() else 'no such folder'}",
                hint=f"`counterfoil init {self.folder}` makes one.",
            )


def key_files(layout: Layout) -> Iterator[Path]:
    """List a ledger's secrets: keys of log, organisation and chains, and what opens forecasts."""
    for folder in (layout.keys, layout.chain_keys):
        yield from sorted(folder.rglob("*.key"))
    yield from sorted(layout.forecasts.glob("*.secret.json"))


def shared_files(layout: Layout) -> Iterator[Path]:
    """List what a ledger keeps about others: its anchors, past policies, its network and peers."""
    yield from (path for path in (layout.anchors,) if path.is_file())
    yield from sorted(layout.folder.glob("policy-*.txt"))
    for kind in ("receipt", "anchored"):
        yield from sorted(layout.forecasts.glob(f"*.{kind}.json"))
    for name in (layout.deployments.name, "network", "peers"):
        yield from sorted(path for path in (layout.folder / name).rglob("*") if path.is_file())
