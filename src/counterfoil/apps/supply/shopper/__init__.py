"""The shopper's page: a thing's way, proven entry by entry, in one file that checks itself.

Whoever scans the code on a product opens it on a telephone, with or without a network. This room
knows no node and no shell.
"""

from counterfoil.apps.supply.shopper.checking import CheckedPage, ProvenStep, check_page
from counterfoil.apps.supply.shopper.choosing import PAGE_MAX_BYTES
from counterfoil.apps.supply.shopper.codes import Code, code_for, policy_digest, qr_svg, read_code
from counterfoil.apps.supply.shopper.page import shopper_page

__all__ = [
    "PAGE_MAX_BYTES",
    "CheckedPage",
    "Code",
    "ProvenStep",
    "check_page",
    "code_for",
    "policy_digest",
    "qr_svg",
    "read_code",
    "shopper_page",
]
