"""An agency's program in Python. `main.py HOST:PORT PKI_FOLDER`, with the lines `nir:…`, `siren:…` and `siret:…` of
an invented person on standard input; prints one line of JSON a step.
"""

import json
import sys
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import words
from connect import channel
from proof import keeps, proves
from refusal import refusal
from unefois.audit.v1 import audit_service_pb2, audit_service_pb2_grpc
from unefois.exchange.v1 import exchange_service_pb2, exchange_service_pb2_grpc
from unefois.income.v1 import declared_turnover_pb2, income_service_pb2_grpc
from unefois.ledger.v1 import entry_pb2
from unefois.publication.v1 import publication_service_pb2, publication_service_pb2_grpc
from unefois.subject.v1.subject_pb2 import Subject

PATIENCE_SECONDS = 30


def tell(step: str, **said) -> None:
    print(json.dumps({"step": step} | said), flush=True)


def publish(urssaf: grpc.Channel, nir: str, siren: str) -> None:
    both = [Subject(nir=nir), Subject(siren=siren)]
    wrong = "0" if nir[-1] != "0" else "1"
    items = [
        words.publication(both, words.turnover(siren, 123_400)),
        words.publication([Subject(nir=nir[:-1] + wrong)], words.turnover(siren, 1)),
    ]
    service = publication_service_pb2_grpc.PublicationServiceStub(urssaf)
    kinds = publication_service_pb2.AcknowledgementKind
    for item, answer in zip(items, service.Publish(iter(items), timeout=PATIENCE_SECONDS), strict=True):
        assert answer.publication_id == item.publication_id
        if answer.HasField("acknowledged"):
            kept = answer.acknowledged
            tell("published", kind=kinds.Name(kept.kind), revision=kept.revision, proven=keeps(kept, item.data))
        else:
            tell("rejected", reason=answer.rejected.reason, field=answer.rejected.field)


def pull(cnaf: grpc.Channel, nir: str) -> None:
    income = income_service_pb2_grpc.IncomeServiceStub(cnaf)
    exchange = exchange_service_pb2_grpc.ExchangeServiceStub(cnaf)
    question = words.typed_question("d14-benefits", Subject(nir=nir))
    typed = income.GetDeclaredTurnover(question, timeout=PATIENCE_SECONDS)
    tell("typed", bnc_cents=typed.data.amounts.bnc_cents, withheld=list(typed.withheld_fields))

    # The same call, read as its twin: `data` are the very bytes that the receipt commits to.
    call = cnaf.unary_unary(
        "/unefois.income.v1.IncomeService/GetDeclaredTurnover",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=exchange_service_pb2.PullResponse.FromString,
    )
    tell_proof("twin", call(question, timeout=PATIENCE_SECONDS))
    generic = words.generic_question("d14-benefits", Subject(nir=nir))
    tell_proof("generic", exchange.Pull(generic, timeout=PATIENCE_SECONDS))


def tell_proof(step: str, answer: exchange_service_pb2.PullResponse) -> None:
    data = declared_turnover_pb2.DeclaredTurnover.FromString(answer.data)
    tell(
        step,
        bnc_cents=data.amounts.bnc_cents,
        proven=proves(answer.receipt, answer.data),
        forged=proves(answer.receipt, answer.data + b"\x00"),
        response=answer.SerializeToString().hex(),
    )


def be_refused(cnaf: grpc.Channel, urssaf: grpc.Channel, person: dict) -> None:
    subject = Subject(nir=person["nir"])
    without_key = words.typed_question("d14-benefits", subject)
    without_key.ClearField("period")
    income = income_service_pb2_grpc.IncomeServiceStub(cnaf)
    live = income_service_pb2_grpc.IncomeServiceStub(urssaf)
    for call, question in [
        (income.GetDeclaredTurnover, words.typed_question("d13-unemployment", subject)),
        (income.GetDeclaredTurnover, without_key),
        (live.GetCompanyTurnover, words.live_question(Subject(siret=person["siret"]))),
    ]:
        try:
            call(question, timeout=PATIENCE_SECONDS)
        except grpc.RpcError as error:
            tell("refused", **refusal(error))


def audit(auditor: grpc.Channel) -> None:
    service = audit_service_pb2_grpc.AuditServiceStub(auditor)
    request = audit_service_pb2.SearchExchangesRequest(consumer="cnaf", case_reference="ENQUIRY-1")
    for found in service.SearchExchanges(request, timeout=PATIENCE_SECONDS).entries:
        assert entry_pb2.Entry.FromString(found.entry).public_part == found.public_part.SerializeToString()
        outcome = entry_pb2.Outcome.Name(found.public_part.outcome)
        tell("found", outcome=outcome, reason=found.public_part.reason, id=found.public_part.entry_id.hex())


def look_around(cnaf: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(cnaf).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS)
    tell("health", status=health_pb2.HealthCheckResponse.ServingStatus.Name(health.status))
    reflected = ProtoReflectionDescriptorDatabase(cnaf)
    file = reflected.FindFileContainingSymbol("unefois.income.v1.DeclaredTurnover")
    details = reflected.FindFileContainingSymbol("google.rpc.ErrorInfo")
    tell("reflection", services=list(reflected.get_services()), file=file.name, details=details.name)


def main() -> None:
    hub, pki = sys.argv[1], Path(sys.argv[2])
    person = dict(line.strip().split(":") for line in sys.stdin)
    with (
        channel(hub, pki, "urssaf") as urssaf,
        channel(hub, pki, "cnaf") as cnaf,
        channel(hub, pki, "cour-des-comptes") as auditor,
    ):
        publish(urssaf, person["nir"], person["siren"])
        pull(cnaf, person["nir"])
        be_refused(cnaf, urssaf, person)
        audit(auditor)
        look_around(cnaf)


main()
