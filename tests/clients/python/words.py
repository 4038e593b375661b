"""The messages of the story: what is published, and what is asked."""

import uuid

from google.protobuf.timestamp_pb2 import Timestamp

from unefois.calendar.v1.period_pb2 import Month, Period
from unefois.exchange.v1.exchange_pb2 import ExchangeContext
from unefois.exchange.v1.exchange_service_pb2 import PullRequest
from unefois.income.v1.declared_turnover_pb2 import DECLARATION_STATUS_DECLARED, DeclaredTurnover, TurnoverAmounts
from unefois.income.v1.income_service_pb2 import GetCompanyTurnoverRequest, GetDeclaredTurnoverRequest
from unefois.ledger.v1.entry_pb2 import PURPOSE_SIMPLIFICATION
from unefois.publication.v1.publication_service_pb2 import PublishRequest
from unefois.subject.v1.subject_pb2 import Subject

DATASET = "declared-turnover"


def march() -> Period:
    return Period(month=Month(year=2026, month=3))


def turnover(siren: str, bnc_cents: int) -> DeclaredTurnover:
    return DeclaredTurnover(
        siren=siren,
        period=march(),
        amounts=TurnoverAmounts(bnc_cents=bnc_cents),
        status=DECLARATION_STATUS_DECLARED,
        final_withholding=True,
    )


def publication(subjects: list[Subject], record: DeclaredTurnover) -> PublishRequest:
    return PublishRequest(
        publication_id=str(uuid.uuid4()),
        dataset=DATASET,
        subjects=subjects,
        data=record.SerializeToString(deterministic=True),
        recorded_at=Timestamp(seconds=1_775_980_800),
    )


def context(agreement: str) -> ExchangeContext:
    return ExchangeContext(
        agreement=agreement,
        purpose=PURPOSE_SIMPLIFICATION,
        case_reference="DOSSIER-4711",
        agent_reference="AGENT-0815",
    )


def typed_question(agreement: str, subject: Subject) -> GetDeclaredTurnoverRequest:
    return GetDeclaredTurnoverRequest(context=context(agreement), subject=subject, period=march())


def generic_question(agreement: str, subject: Subject) -> PullRequest:
    key = DeclaredTurnover(period=march()).SerializeToString()
    return PullRequest(context=context(agreement), dataset=DATASET, subject=subject, key=key)


def live_question(company: Subject) -> GetCompanyTurnoverRequest:
    return GetCompanyTurnoverRequest(context=context("company-turnover-urssaf"), subject=company, year=2024)
