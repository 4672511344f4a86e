"""Keys of the node, for its operator: who has which, made and ended here; and what was refused.

A new key is shown once, in the answer to the form that made it, and is kept nowhere. This module
refuses to show a key that was made before.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.http.pages.page import Action, Asked, Page
from counterfoil.http.pages.tried import tried
from counterfoil.http.site import Site
from counterfoil.ops import access
from counterfoil.ops.searches import search
from counterfoil.ports.access import ROLES

__all__ = ["PAGES"]

_PATH: Final = "/access"
_REFUSED: Final = 50
_FIELD_MAX: Final = 1000
_NOBODY: Final = {"key": None, "what": None}


def _access(site: Site, _asked: Asked) -> dict[str, Any]:
    return {**_common(site), "made": None, "problem": None, "form": {}}


def _common(site: Site) -> dict[str, Any]:
    place = site.ledger.layout.folder
    keys = [msgspec.to_builtins(one) for one in access.listing(all_=True, ledger=place)]
    refused = search(("kind=access-refusal",), limit=_REFUSED, ledger=place).hits
    return {
        "keys": keys[::-1],
        "in_force": sum(one["in_force"] for one in keys),
        "refusals": [
            {"index": one.index, **_NOBODY, **request}
            for one in refused
            for request in one.content.get("refused", ())
        ],
        "roles": list(ROLES),
    }


def _made(site: Site, asked: Asked) -> dict[str, Any]:
    """Make a key. What cannot be read is told beside the form, which keeps what was typed."""
    form = {name: value.strip() for name, value in asked.form.items() if name != "csrf"}
    made, problem = tried(lambda: _make(site, asked, form))
    shown = {} if made is not None else form
    return {
        **_common(site),
        "made": None if made is None else msgspec.to_builtins(made),
        "problem": problem,
        "form": shown,
    }


def _make(site: Site, asked: Asked, form: dict[str, str]) -> access.KeyMade:
    for name, value in form.items():
        if len(value) > _FIELD_MAX:
            raise InputError(
                "page.parameter",
                f"expected {name[:40]} of at most {_FIELD_MAX} characters, found {len(value)}",
            )
    roles = tuple(role for role in ROLES if form.get(f"role-{role}") == "yes")
    return access.add(
        form.get("name", ""),
        role=roles,
        scope=tuple(form.get("scope", "").split()),
        source=tuple(one.strip() for one in form.get("source", "").splitlines() if one.strip()),
        expires=form.get("expires") or None,
        rate=_number("rate", form.get("rate", "")),
        quota=_number("quota", form.get("quota", "")),
        actor=asked.principal.name if asked.principal else None,
        why=form.get("why", ""),
        ledger=site.ledger.layout.folder,
    )


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 12:
        return int(text)
    raise InputError(
        "page.parameter",
        f"expected {name} to be a whole number, found {text[:40]!a}",
        hint="Leave it empty for no limit of its own.",
    )


def _revoke(site: Site, asked: Asked) -> str:
    access.revoke(
        str(asked.path["key"]),
        actor=asked.principal.name if asked.principal else None,
        why=asked.form.get("why", "").strip(),
        ledger=site.ledger.layout.folder,
    )
    return _PATH


PAGES: Final = (
    Page(_PATH, "Access", _access, "access.html", nav="ops", rows="keys", role="operator",
         words=("access", "ls")),
    Page(_PATH, "Access", _made, "access.html", nav="ops", role="operator",
         words=("access", "add"), posted=True),
    Action(f"{_PATH}/{{key}}/revoke", _revoke, "operator", ("access", "revoke")),
)  # fmt: skip
