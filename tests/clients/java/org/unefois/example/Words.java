package org.unefois.example;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import java.util.HexFormat;
import java.util.UUID;
import org.unefois.calendar.v1.Month;
import org.unefois.calendar.v1.Period;
import org.unefois.exchange.v1.ExchangeContext;
import org.unefois.exchange.v1.PullRequest;
import org.unefois.income.v1.DeclarationStatus;
import org.unefois.income.v1.DeclaredTurnover;
import org.unefois.income.v1.GetCompanyTurnoverRequest;
import org.unefois.income.v1.GetDeclaredTurnoverRequest;
import org.unefois.income.v1.TurnoverAmounts;
import org.unefois.ledger.v1.Purpose;
import org.unefois.publication.v1.PublishRequest;
import org.unefois.subject.v1.Subject;

/** The messages of the story: what is published, and what is asked. */
final class Words {
  private static final String DATASET = "declared-turnover";
  private static final Period MARCH =
      Period.newBuilder().setMonth(Month.newBuilder().setYear(2026).setMonth(3)).build();

  private Words() {}

  static DeclaredTurnover turnover(String siren, long bncCents) {
    return DeclaredTurnover.newBuilder()
        .setSiren(siren)
        .setPeriod(MARCH)
        .setAmounts(TurnoverAmounts.newBuilder().setBncCents(bncCents))
        .setStatus(DeclarationStatus.DECLARATION_STATUS_DECLARED)
        .setFinalWithholding(true)
        .build();
  }

  static PublishRequest publication(DeclaredTurnover record, Subject... subjects) {
    return PublishRequest.newBuilder()
        .setPublicationId(UUID.randomUUID().toString())
        .setDataset(DATASET)
        .addAllSubjects(java.util.List.of(subjects))
        .setData(record.toByteString())
        .setRecordedAt(Timestamp.newBuilder().setSeconds(1_775_980_800L))
        .build();
  }

  static GetDeclaredTurnoverRequest typedQuestion(String agreement, Subject subject) {
    return GetDeclaredTurnoverRequest.newBuilder()
        .setContext(context(agreement))
        .setSubject(subject)
        .setPeriod(MARCH)
        .build();
  }

  static PullRequest genericQuestion(String agreement, Subject subject) {
    return PullRequest.newBuilder()
        .setContext(context(agreement))
        .setDataset(DATASET)
        .setSubject(subject)
        .setKey(DeclaredTurnover.newBuilder().setPeriod(MARCH).build().toByteString())
        .build();
  }

  static GetCompanyTurnoverRequest liveQuestion(Subject company) {
    return GetCompanyTurnoverRequest.newBuilder()
        .setContext(context("company-turnover-urssaf"))
        .setSubject(company)
        .setYear(2024)
        .build();
  }

  /** The 16 bytes of a UUID. */
  static ByteString bytesOf(String uuid) {
    return ByteString.copyFrom(HexFormat.of().parseHex(uuid.replace("-", "")));
  }

  private static ExchangeContext context(String agreement) {
    return ExchangeContext.newBuilder()
        .setAgreement(agreement)
        .setPurpose(Purpose.PURPOSE_SIMPLIFICATION)
        .setCaseReference("DOSSIER-4711")
        .setAgentReference("AGENT-0815")
        .build();
  }
}
