"""Log records reach the ledger in order and in the background, and never trouble whoever logs."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import InputError
from counterfoil.integrations.logs import LedgerHandler
from counterfoil.ledger import Ledger, RecordView
from tests.ledgers import copy_ledger, prove


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.Logger("shop")
    yield made
    for handler in made.handlers:
        handler.close()


def told(ledger: Ledger, query: str = "logger=shop") -> list[RecordView]:
    return list(ledger.search(f"kind=record {query}", limit=1000, newest_first=False).hits)


def test_records_come_in_order_with_their_extras(ledger: Ledger, logger: logging.Logger) -> None:
    """What was logged is recorded in order, with `extra` as JSON, and each has a receipt."""
    handler = LedgerHandler(ledger, drop=("token",))
    logger.addHandler(handler)
    for number in range(300):
        logger.info("sold %d", number, extra={"order": {"n": number, "p": 0.5}, "token": "t"})
    handler.flush()
    found = told(ledger)
    assert [one.content["message"] for one in found] == [f"sold {n}" for n in range(300)]
    assert found[7].content["extra"] == {"order": {"n": 7, "p": 0.5}}
    assert found[7].content["where"].startswith("test_logs:test_records_come_in_order")
    assert (handler.recorded, handler.dropped) == (300, 0)
    ledger.publish()
    prove(ledger, found[0].index)


def test_an_exception_is_recorded_with_its_trace(ledger: Ledger, logger: logging.Logger) -> None:
    """What went wrong is told by type, message and trace."""
    handler = LedgerHandler(ledger)
    logger.addHandler(handler)
    try:
        raise ValueError("no such order")
    except ValueError:
        logger.exception("failed")
    handler.flush()
    (found,) = told(ledger, "level=ERROR")
    assert found.content["exception"]["type"] == "builtins.ValueError"
    assert found.content["exception"]["message"] == "no such order"
    assert "test_logs.py" in found.content["exception"]["trace"]


def test_what_json_cannot_hold_becomes_text(ledger: Ledger, logger: logging.Logger) -> None:
    """NaN, huge integers, bytes, cycles and objects in `extra` are no reason to lose a record."""
    handler = LedgerHandler(ledger)
    logger.addHandler(handler)
    cycle: list[object] = []
    cycle.append(cycle)
    odd = {"nan": float("nan"), "big": 2**70, "bytes": b"x", "cycle": cycle, "lone": "\ud800"}
    logger.info("odd", extra=odd)
    logger.info("next")
    handler.flush()
    assert [one.content["message"] for one in told(ledger)][-1] == "next"
    assert handler.recorded == 2


def test_a_full_queue_drops_and_says_how_many(ledger: Ledger, logger: logging.Logger) -> None:
    """Whoever logs never waits: what has no room is counted, and the count is recorded."""
    handler = LedgerHandler(ledger, queue=5)
    logger.addHandler(handler)
    with handler._state:  # the writer cannot take anything meanwhile
        for number in range(9):
            logger.info("sold %d", number)
    handler.flush()
    assert (handler.recorded, handler.dropped) == (5, 4)
    (notice,) = told(ledger, "logger=counterfoil dropped=4")
    assert notice.content["level"] == "WARNING"


def test_a_bad_format_does_not_reach_whoever_logs(
    ledger: Ledger, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log call with the wrong arguments is told as `logging` tells it, and counted."""
    handler = LedgerHandler(ledger)
    logger.addHandler(handler)
    logger.info("%d", "no number")
    handler.flush()
    assert handler.dropped == 1
    assert "Logging error" in capsys.readouterr().err


def test_a_closed_ledger_costs_records_and_nothing_else(
    tmp_path: Path, logger: logging.Logger
) -> None:
    """After the ledger is closed logging goes on."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        handler = LedgerHandler(ledger)
    logger.addHandler(handler)
    logger.info("late")
    handler.flush()
    assert (handler.recorded, handler.dropped) == (0, 1)


def test_a_dictionary_configures_it(tmp_path: Path) -> None:
    """`dictConfig` names the folder; the handler opens the ledger and closes it at its end."""
    folder = copy_ledger(tmp_path / "ledger")
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "ledger": {
                    "class": "counterfoil.integrations.logs.LedgerHandler",
                    "ledger": str(folder),
                    "level": "INFO",
                }
            },
            "loggers": {"configured": {"handlers": ["ledger"], "level": "DEBUG"}},
        }
    )
    logger = logging.getLogger("configured")
    logger.debug("too little")
    logger.info("enough")
    (handler,) = logger.handlers
    logger.removeHandler(handler)
    handler.close()
    with counterfoil.open(folder, read_only=True) as ledger:
        assert [one.content["message"] for one in told(ledger, "logger=configured")] == ["enough"]


def test_our_own_logger_is_passed_over(ledger: Ledger) -> None:
    """Recording what the ledger itself logs could go on for ever."""
    handler = LedgerHandler(ledger)
    handler.emit(logging.makeLogRecord({"name": "counterfoil.log", "msg": "x"}))
    handler.close()
    assert handler.recorded == 0


def test_a_queue_of_nothing_is_refused(ledger: Ledger) -> None:
    """A queue holds at least one record."""
    with pytest.raises(InputError) as caught:
        LedgerHandler(ledger, queue=0)
    assert caught.value.code == "logging.queue"
