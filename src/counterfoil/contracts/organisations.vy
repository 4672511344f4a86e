# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Organisations that witness logs
@license Apache-2.0
@notice An organisation is an account. It enrols itself, witnesses by one key at a time, and may
        rotate that key or leave whenever it likes.
@dev This module knows no log. That an account is the company it says it is, nobody can tell here.
"""

import eip712


event Enrolled:
    organisation: indexed(address)
    witness_key: indexed(address)


event Left:
    organisation: indexed(address)


ENROLMENT_TYPE: constant(bytes32) = keccak256("Enrolment(address organisation)")

# An organisation's witness key. Zero: it never enrolled, or left.
witness_key_of: public(HashMap[address, address])
# Whom a witness key served first. It never serves anybody else, and never again once given up.
_served: HashMap[address, address]


@external
def enrol(witness_key: address, signature: Bytes[65]):
    """
    @notice Let the sender, an organisation, witness by this key; its former key stops counting.
    @dev The key signs for the organisation, else anybody could claim another's key, and either
         vote by its signatures or keep its holder out. A key once given up is never taken again.
         Reverts: "signature", "key taken".
    @param witness_key The address of the key.
    @param signature The key's, over EIP-712 `Enrolment`.
    """
    statement: bytes32 = keccak256(abi_encode(ENROLMENT_TYPE, msg.sender))
    assert eip712._signer(statement, signature) == witness_key, "signature"
    assert self._served[witness_key] == empty(address), "key taken"
    self._served[witness_key] = msg.sender
    self.witness_key_of[msg.sender] = witness_key
    log Enrolled(organisation=msg.sender, witness_key=witness_key)


@external
def leave():
    """
    @notice Let the sender, an organisation, stop witnessing: its voice counts in no quorum.
    @dev It may enrol again, by a new key. Reverts: "inactive".
    """
    assert self.witness_key_of[msg.sender] != empty(address), "inactive"
    self.witness_key_of[msg.sender] = empty(address)
    log Left(organisation=msg.sender)


@external
@view
def organisation_of(witness_key: address) -> address:
    """
    @notice The organisation that witnesses by this key now; zero if none does.
    @param witness_key The address of the key.
    """
    return self._organisation_of(witness_key)


@internal
@view
def _organisation_of(witness_key: address) -> address:
    organisation: address = self._served[witness_key]
    if self.witness_key_of[organisation] != witness_key:
        return empty(address)
    return organisation
