"""Whoever begins activations for numbers that nobody has delays nobody's message."""

from __future__ import annotations

from idp.factors.outbox import Message, Outbox, sealed_message
from manyou.errors import Unavailable
from store import SQL, Tx
from tests.idp.conftest import LI, House

_QUEUE = SQL("INSERT INTO sms_outbox (id, message, due, tries) VALUES (:id, :message, :due, 0)")
FLOOD = 1_500


def queue(house: House, mobile: str, count: int) -> None:
    sealed = [sealed_message(house.keys, Message(mobile, f"text {each}")) for each in range(count)]
    begins = len(house.rows("SELECT id FROM sms_outbox"))

    def work(tx: Tx) -> None:
        for number, message in enumerate(sealed, begins):
            tx.run(_QUEUE, id=number.to_bytes(16), message=message, due=house.clock())

    house.durable.write(work)


def deliver(house: House) -> None:
    next(run for name, _, run in house.provider.jobs if name == "idp.sms")(house.clock())


def test_a_flood_of_decoys_is_gone_in_one_round(house: House) -> None:
    house.import_rows(LI)
    queue(house, "", FLOOD)
    house.clock.advance(1)
    house.browser().send("/activate", {"name": LI["name"], "identifier": LI["number"]})
    deliver(house)
    assert [mobile for mobile, _ in house.messages()] == [LI["mobile"]]
    assert house.rows("SELECT id FROM sms_outbox") == []


def test_many_messages_go_out_once_each_in_order(house: House) -> None:
    queue(house, "13800138000", 45)
    deliver(house)
    assert [text for _, text in house.messages()] == [f"text {each}" for each in reversed(range(45))]
    assert house.rows("SELECT id FROM sms_outbox") == []


class Down:
    """A gateway that takes nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, mobile: str, text: str) -> None:
        assert text
        self.asked.append(mobile)
        raise Unavailable


def test_a_gateway_that_is_down_is_asked_again_later(house: House) -> None:
    gateway = Down()
    queue(house, "13800138000", 3)
    outbox = Outbox(house.durable, house.keys, gateway)
    assert outbox.deliver(house.clock()) == 0
    assert len(gateway.asked) == 3
    assert len(house.rows("SELECT id FROM sms_outbox WHERE tries = 1")) == 3
    house.clock.advance(31)
    deliver(house)
    assert len(house.messages()) == 3
