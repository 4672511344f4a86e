# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title What was agreed on for a payment, and what a verdict can say about it
@license Apache-2.0
@notice A payment's id is the hash of its terms, so whoever signs the id does so on all of them. An
        action's hash is that of the exact call of this escrow on this chain, without the verdict.
@dev No storage: terms are brought along by each call, as the event of the deposit told them.
"""

struct Terms:
    payer: address  # who paid, and gets back what is not released
    payee: address  # zero: many payees, whom a batch names
    token: address  # an ERC-20
    amount: uint256  # in the token's smallest unit
    arbiter: address  # the human key that may overrule a verdict; zero: nobody
    window: uint64  # seconds for an appeal, and again for the arbiter; 0: no appeal
    due: uint64  # from here on it is the payee's, unless held before; 0: never without a verdict
    deadline: uint64  # from here on what is left is the payer's
    salt: bytes32  # tells payments of the same terms apart


struct Batch:
    root: bytes32  # RFC 9162, over chunks of rows
    chunks: uint64  # leaves of that tree
    total: uint256  # that the rows add up to
    left: uint256  # what stays of the payment
    until: uint64  # from here on what was not claimed is the payer's


PAYMENT_TYPE: constant(bytes32) = keccak256(
    "Payment(address payer,address payee,address token,uint256 amount,address arbiter,uint64 window,uint64 due,uint64 deadline,bytes32 salt)"
)

# An action is the call of this contract without its verdict: hashes of the functions' signatures.
HOLD_TYPE: constant(bytes32) = keccak256(
    "hold((address,address,address,uint256,address,uint64,uint64,uint64,bytes32))"
)
RELEASE_TYPE: constant(bytes32) = keccak256(
    "release((address,address,address,uint256,address,uint64,uint64,uint64,bytes32),uint256,uint256)"
)
RETURN_TYPE: constant(bytes32) = keccak256(
    "return_((address,address,address,uint256,address,uint64,uint64,uint64,bytes32),uint256,uint256)"
)
BATCH_TYPE: constant(bytes32) = keccak256(
    "release_batch((address,address,address,uint256,address,uint64,uint64,uint64,bytes32),(bytes32,uint64,uint256,uint256,uint64))"
)


@external
@view
def payment_id(terms: Terms) -> bytes32:
    """
    @notice The id of a payment of these terms here. It is also the nonce of the ERC-3009
            authorization that pays it.
    @param terms What was agreed on.
    @return keccak256(abi.encode(keccak256("Payment(...)"), chain id, this contract, terms)).
    """
    return self._payment_id(terms)


@external
@view
def hold_action(terms: Terms) -> bytes32:
    """
    @notice What a verdict has to name as its action so that `hold` takes it.
    @param terms The payment's terms.
    @return keccak256(abi.encode(keccak256("hold(...)"), chain id, this contract, terms)).
    """
    return self._hold_action(terms)


@external
@view
def release_action(terms: Terms, amount: uint256, left: uint256) -> bytes32:
    """
    @notice What a verdict has to name as its action so that `release` takes it.
    @param terms The payment's terms.
    @param amount How much the payee gets.
    @param left What is then left of the payment: so no second verdict can do the same again.
    """
    return self._move_action(RELEASE_TYPE, terms, amount, left)


@external
@view
def return_action(terms: Terms, amount: uint256, left: uint256) -> bytes32:
    """
    @notice What a verdict has to name as its action so that `return_` takes it.
    @param terms The payment's terms.
    @param amount How much the payer gets.
    @param left What is then left of the payment.
    """
    return self._move_action(RETURN_TYPE, terms, amount, left)


@external
@view
def batch_action(terms: Terms, batch: Batch) -> bytes32:
    """
    @notice What a verdict has to name as its action so that `release_batch` takes it; also the id of
            the batch.
    @param terms The payment's terms.
    @param batch Root, chunks, total, what is then left, and until when rows can be claimed.
    """
    return self._batch_action(terms, batch)


@internal
@view
def _payment_id(terms: Terms) -> bytes32:
    return keccak256(abi_encode(PAYMENT_TYPE, chain.id, self, terms))


@internal
@view
def _hold_action(terms: Terms) -> bytes32:
    return keccak256(abi_encode(HOLD_TYPE, chain.id, self, terms))


@internal
@view
def _move_action(kind: bytes32, terms: Terms, amount: uint256, left: uint256) -> bytes32:
    return keccak256(abi_encode(kind, chain.id, self, terms, amount, left))


@internal
@view
def _batch_action(terms: Terms, batch: Batch) -> bytes32:
    return keccak256(abi_encode(BATCH_TYPE, chain.id, self, terms, batch))
