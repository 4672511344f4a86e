# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title What governance agreed on for an item of a supplier, and what was ordered of it in a period
@license Apache-2.0
@notice An agreement names who is paid, in which token, and caps price, quantity and spending. It fits
        into five words, and what was ordered in the last period into one.
@dev Periods begin at multiples of their length, and each starts from nothing: in a span as long as a
     period, across the end of one, at most twice its caps can be ordered. An agreement that replaces
     another one goes on counting, unless its period has another length.
"""

struct Agreement:
    payee: address  # the supplier's account
    token: address  # an ERC-20
    unit_price: uint128  # most for one unit, in the token's smallest unit
    quantity: uint64  # most units of an order
    period_quantity: uint64  # most units of all orders in a period
    period_budget: uint128  # most money of all orders in a period
    period: uint32  # seconds
    lead: uint32  # least seconds from the order to its delivery deadline
    term: uint32  # most seconds from the order to its delivery deadline
    grace: uint32  # seconds after that in which a delivery may still be proven
    window: uint32  # seconds for an appeal, and again for the arbiter; 0: no appeal
    arbiter: address  # who may overrule a verdict on the money; zero: nobody
    outcome: bytes32  # keccak256 of the outcome that a decision to order has


struct Order:
    item: bytes32  # keccak256 of the item's name
    supplier: bytes32  # keccak256 of the supplier's name
    quantity: uint64  # units
    unit_price: uint128  # for one unit, in the token's smallest unit
    deadline: uint64  # POSIX seconds: delivered before


WORD32: constant(uint256) = 2**32 - 1
WORD64: constant(uint256) = 2**64 - 1
WORD128: constant(uint256) = 2**128 - 1
MAX_WINDOW: constant(uint32) = 30 * 24 * 60 * 60  # the escrow's

_agreements: HashMap[bytes32, uint256[5]]
# Of an agreement's last period: its number (64 bits), units (64), money (128), from the top.
_ordered: HashMap[bytes32, uint256]


@external
@view
def agreement_of(item: bytes32, supplier: bytes32) -> Agreement:
    """
    @notice What is agreed on for an item of a supplier; `payee` is zero where nothing is.
    @param item keccak256 of the item's name.
    @param supplier keccak256 of the supplier's name.
    """
    return self._unpack(self._agreements[self._id(item, supplier)])


@external
@view
def ordered_of(item: bytes32, supplier: bytes32) -> (uint64, uint64, uint128):
    """
    @notice What was ordered in the last period in which something was: the period's number (time
            divided by its length), units, and money.
    @param item keccak256 of the item's name.
    @param supplier keccak256 of the supplier's name.
    """
    word: uint256 = self._ordered[self._id(item, supplier)]
    return (
        convert(word >> 192, uint64),
        convert((word >> 128) & WORD64, uint64),
        convert(word & WORD128, uint128),
    )


@internal
def _agree(
    item: bytes32, supplier: bytes32, told: Agreement, escrow: address, funder: address
):
    """
    @dev The funder is the payer behind this contract: it neither pays itself nor judges itself.
         Reverts: "payee", "token", "outcome", "period", "term", "window", "arbiter".
    """
    assert told.payee not in [empty(address), self, escrow, funder], "payee"
    assert told.token.is_contract, "token"
    assert told.outcome != empty(bytes32), "outcome"
    assert told.period != 0, "period"
    assert told.term != 0 and told.lead <= told.term, "term"
    assert told.window <= MAX_WINDOW, "window"
    assert (told.window == 0) == (told.arbiter == empty(address)), "window"
    assert told.arbiter not in [self, funder, told.payee], "arbiter"
    id: bytes32 = self._id(item, supplier)
    before: uint256 = (self._agreements[id][0] >> 64) & WORD32
    if before != convert(told.period, uint256):
        self._ordered[id] = 0
    self._agreements[id] = self._pack(told)


@internal
def _end(item: bytes32, supplier: bytes32):
    """
    @dev Reverts: "no agreement". What was ordered in its period still counts.
    """
    id: bytes32 = self._id(item, supplier)
    word: uint256 = self._agreements[id][0]
    assert word >> 96 != 0, "no agreement"
    self._agreements[id] = [word & (WORD32 << 64), 0, 0, 0, 0]


@internal
@view
def _within(order: Order) -> Agreement:
    """
    @dev Which agreement lets an order be placed now, whatever else was ordered.
         Reverts: "no agreement", "quantity", "price", "deadline".
    """
    told: Agreement = self._unpack(self._agreements[self._id(order.item, order.supplier)])
    assert told.payee != empty(address), "no agreement"
    assert order.quantity != 0 and order.quantity <= told.quantity, "quantity"
    assert order.unit_price != 0 and order.unit_price <= told.unit_price, "price"
    deadline: uint256 = convert(order.deadline, uint256)
    assert deadline > block.timestamp, "deadline"
    assert deadline >= block.timestamp + convert(told.lead, uint256), "deadline"
    assert deadline <= block.timestamp + convert(told.term, uint256), "deadline"
    return told


@internal
def _count(order: Order, told: Agreement, amount: uint256):
    """
    @dev Reverts: "period quantity", "budget". Neither sum can outgrow its bits: the caps have as
         many.
    """
    id: bytes32 = self._id(order.item, order.supplier)
    period: uint256 = block.timestamp // convert(told.period, uint256)
    quantity: uint256 = convert(order.quantity, uint256)
    money: uint256 = amount
    word: uint256 = self._ordered[id]
    if word >> 192 == period:
        quantity += (word >> 128) & WORD64
        money += word & WORD128
    assert quantity <= convert(told.period_quantity, uint256), "period quantity"
    assert money <= convert(told.period_budget, uint256), "budget"
    self._ordered[id] = (period << 192) | (quantity << 128) | money


@internal
@pure
def _id(item: bytes32, supplier: bytes32) -> bytes32:
    return keccak256(concat(item, supplier))


@internal
@pure
def _pack(told: Agreement) -> uint256[5]:
    return [
        (convert(told.payee, uint256) << 96)
        | (convert(told.period, uint256) << 64)
        | (convert(told.term, uint256) << 32)
        | convert(told.grace, uint256),
        (convert(told.token, uint256) << 96)
        | (convert(told.window, uint256) << 64)
        | convert(told.quantity, uint256),
        (convert(told.unit_price, uint256) << 128) | convert(told.period_budget, uint256),
        (convert(told.arbiter, uint256) << 96)
        | (convert(told.lead, uint256) << 64)
        | convert(told.period_quantity, uint256),
        convert(told.outcome, uint256),
    ]


@internal
@pure
def _unpack(words: uint256[5]) -> Agreement:
    return Agreement(
        payee=convert(convert(words[0] >> 96, uint160), address),
        token=convert(convert(words[1] >> 96, uint160), address),
        unit_price=convert(words[2] >> 128, uint128),
        quantity=convert(words[1] & WORD64, uint64),
        period_quantity=convert(words[3] & WORD64, uint64),
        period_budget=convert(words[2] & WORD128, uint128),
        period=convert((words[0] >> 64) & WORD32, uint32),
        lead=convert((words[3] >> 64) & WORD32, uint32),
        term=convert((words[0] >> 32) & WORD32, uint32),
        grace=convert(words[0] & WORD32, uint32),
        window=convert((words[1] >> 64) & WORD32, uint32),
        arbiter=convert(convert(words[3] >> 96, uint160), address),
        outcome=convert(words[4], bytes32),
    )
