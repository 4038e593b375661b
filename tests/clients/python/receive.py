"""A program that is told what changes, in Python. `receive.py HOST:PORT PKI_FOLDER`, with the lines `nir:…`, `siren:…` and
`siret:…` of an invented person on standard input; prints one line of JSON for what it does and each event that it hears.
"""

import json
import queue
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import grpc

import words
from connect import channel
from refusal import refusal
from unefois.calendar.v1.period_pb2 import Date
from unefois.dossier.v1 import dossier_service_pb2, dossier_service_pb2_grpc
from unefois.income.v1.declared_turnover_pb2 import DeclaredTurnover
from unefois.publication.v1 import publication_service_pb2_grpc
from unefois.subject.v1.subject_pb2 import Subject
from unefois.subscription.v1 import subscription_service_pb2 as messages
from unefois.subscription.v1 import subscription_service_pb2_grpc

PATIENCE_SECONDS = 30
DOSSIER_DAYS = 30


def tell(step: str, **said) -> None:
    print(json.dumps({"step": step} | said), flush=True)


def tell_event(step: str, delivery: messages.Delivery) -> str:
    """Gives the cursor of the event: whoever acknowledges it has this event and all that were told before it."""
    event = delivery.event
    record = DeclaredTurnover()
    assert event.proto_data.Unpack(record)
    granted = [field.name for field, _ in record.ListFields()]
    tell(step, id=event.id, type=event.type, bnc_cents=record.amounts.bnc_cents, granted=granted, entry=delivery.exchange_id)
    return event.attributes["sequence"].ce_string


class Stream:
    """One connection of the receiver."""

    def __init__(self, service, subscription_id: str, window: int):
        self.to_hub = queue.SimpleQueue()
        self.say(open=messages.Open(subscription_id=subscription_id, window=window))
        self.from_hub = service.Receive(iter(self.to_hub.get, None), timeout=PATIENCE_SECONDS)

    def say(self, **action) -> None:
        self.to_hub.put(messages.ReceiveRequest(**action))

    def next(self) -> messages.Delivery:
        for told in self.from_hub:
            if told.HasField("delivery"):
                return told.delivery
        raise EOFError("the hub ended the stream")

    def close(self) -> None:
        """Says that nothing more comes, and waits until the hub has heard everything."""
        self.to_hub.put(None)
        for _left_to_the_next in self.from_hub:
            pass

    def drop(self) -> None:
        """Leaves as if the program had broken down."""
        self.from_hub.cancel()
        self.to_hub.put(None)


def connect(service, subscription_id: str, window: int) -> tuple[Stream, messages.Delivery]:
    """A stream and its first event; while the hub still believes in the receiver before, it says when to try again."""
    while True:
        stream = Stream(service, subscription_id, window)
        try:
            return stream, stream.next()
        except grpc.RpcError as error:
            refused = refusal(error)
            if refused.get("reason") != "SUBSCRIPTION_IN_USE":
                raise
            time.sleep(refused["retry_millis"] / 1000)


def publish(urssaf: grpc.Channel, person: dict, amounts: range) -> None:
    both = [Subject(nir=person["nir"]), Subject(siren=person["siren"])]
    items = [words.publication(both, words.turnover(person["siren"], cents)) for cents in amounts]
    service = publication_service_pb2_grpc.PublicationServiceStub(urssaf)
    for answer in service.Publish(iter(items), timeout=PATIENCE_SECONDS):
        assert answer.HasField("acknowledged"), answer


def subscribe(cnaf: grpc.Channel, service, nir: str) -> str:
    last = date.today() + timedelta(days=DOSSIER_DAYS)
    declaration = dossier_service_pb2.Declaration(
        subject=Subject(nir=nir),
        reason="benefit-claim",
        last_day=Date(year=last.year, month=last.month, day=last.day),
    )
    dossiers = dossier_service_pb2_grpc.DossierServiceStub(cnaf)
    opened = dossier_service_pb2.OpenRequest(declaration=declaration, case_reference="DOSSIER-4711")
    dossiers.Open(opened, timeout=PATIENCE_SECONDS)
    request = messages.CreateRequest(name="turnovers", agreement="d14-benefits")
    return service.Create(request, timeout=PATIENCE_SECONDS).subscription.subscription_id


def receive(service, subscription_id: str) -> None:
    """Hears two events at a time, acknowledges the first, breaks down with two of them, and comes back for the rest."""
    stream, first = connect(service, subscription_id, window=2)
    cursor = tell_event("first", first)
    tell_event("first", stream.next())
    stream.say(acknowledge=messages.Acknowledge(up_to=cursor))
    tell_event("first", stream.next())
    stream.drop()

    stream, delivery = connect(service, subscription_id, window=10)
    cursor = tell_event("resumed", delivery)
    for _ in range(3):
        cursor = tell_event("resumed", stream.next())
    stream.say(acknowledge=messages.Acknowledge(up_to=cursor))
    stream.close()


def fetch(service, subscription_id: str) -> None:
    """The same without a stream, for who comes at times of its own."""
    request = messages.FetchEventsRequest(subscription_id=subscription_id, events_max=10)
    fetched = service.FetchEvents(request, timeout=PATIENCE_SECONDS).deliveries
    cursors = [tell_event("fetched", delivery) for delivery in fetched]
    acknowledge = messages.AcknowledgeEventsRequest(subscription_id=subscription_id, up_to=cursors[-1])
    service.AcknowledgeEvents(acknowledge, timeout=PATIENCE_SECONDS)
    tell("left", count=len(service.FetchEvents(request, timeout=PATIENCE_SECONDS).deliveries))


def main() -> None:
    hub, pki = sys.argv[1], Path(sys.argv[2])
    person = dict(line.strip().split(":") for line in sys.stdin)
    with channel(hub, pki, "urssaf") as urssaf, channel(hub, pki, "cnaf") as cnaf:
        service = subscription_service_pb2_grpc.SubscriptionServiceStub(cnaf)
        subscription_id = subscribe(cnaf, service, person["nir"])
        publish(urssaf, person, range(1, 6))
        receive(service, subscription_id)
        publish(urssaf, person, range(6, 8))
        fetch(service, subscription_id)


main()
