package org.unefois.example;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.unefois.audit.v1.AuditServiceGrpc;
import org.unefois.audit.v1.FoundEntry;
import org.unefois.audit.v1.SearchExchangesRequest;
import org.unefois.exchange.v1.ExchangeServiceGrpc;
import org.unefois.exchange.v1.PullResponse;
import org.unefois.income.v1.DeclaredTurnover;
import org.unefois.income.v1.GetDeclaredTurnoverRequest;
import org.unefois.income.v1.GetDeclaredTurnoverResponse;
import org.unefois.income.v1.IncomeServiceGrpc;
import org.unefois.publication.v1.Acknowledgement;
import org.unefois.publication.v1.PublishResponse;
import org.unefois.subject.v1.Subject;

/**
 * An agency's program in Java. {@code Main HOST:PORT PKI_FOLDER}, with the lines {@code nir:…}, {@code siren:…} and
 * {@code siret:…} of an invented person on standard input; prints one line of JSON a step.
 */
final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    String hub = arguments[0];
    Path pki = Path.of(arguments[1]);
    Map<String, String> person = new BufferedReader(new InputStreamReader(System.in)).lines()
        .map(line -> line.split(":"))
        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
    Subject nir = Subject.newBuilder().setNir(person.get("nir")).build();
    ManagedChannel urssaf = Connect.channel(hub, Stores.of(pki, "urssaf"));
    ManagedChannel cnaf = Connect.channel(hub, Stores.of(pki, "cnaf"));
    ManagedChannel auditor = Connect.channel(hub, Stores.of(pki, "cour-des-comptes"));
    try {
      publish(urssaf, nir, person.get("siren"));
      pull(cnaf, nir);
      beRefused(cnaf, urssaf, nir, Subject.newBuilder().setSiret(person.get("siret")).build());
      audit(auditor);
      tell("own-tls", OwnTls.health(hub, Stores.of(pki, "cnaf")));
    } finally {
      for (ManagedChannel channel : List.of(urssaf, cnaf, auditor)) {
        channel.shutdownNow();
      }
    }
  }

  private static void publish(ManagedChannel urssaf, Subject nir, String siren) throws Exception {
    ByteString first = Words.turnover(siren, 123_400).toByteString();
    String digits = nir.getNir().substring(0, nir.getNir().length() - 1);
    Subject wrong = Subject.newBuilder().setNir(digits + (nir.getNir().endsWith("0") ? "1" : "0")).build();
    List<PublishResponse> answers = Publishing.publish(urssaf, List.of(
        Words.publication(DeclaredTurnover.parseFrom(first), nir, Subject.newBuilder().setSiren(siren).build()),
        Words.publication(Words.turnover(siren, 1), wrong)));
    for (PublishResponse answer : answers) {
      switch (answer.getResultCase()) {
        case ACKNOWLEDGED -> {
          Acknowledgement kept = answer.getAcknowledged();
          tell("published", Map.of(
              "kind", kept.getKind().name(), "revision", kept.getRevision(), "proven", Proof.keeps(kept, first)));
        }
        case REJECTED -> tell("rejected", Map.of(
            "reason", answer.getRejected().getReason(), "field", answer.getRejected().getField()));
        default -> throw new IllegalStateException("an answer without a result");
      }
    }
  }

  private static void pull(ManagedChannel cnaf, Subject nir) throws Exception {
    GetDeclaredTurnoverRequest question = Words.typedQuestion("d14-benefits", nir);
    GetDeclaredTurnoverResponse typed = IncomeServiceGrpc.newBlockingStub(cnaf).getDeclaredTurnover(question);
    tell("typed", Map.of(
        "bnc_cents", typed.getData().getAmounts().getBncCents(), "withheld", List.copyOf(typed.getWithheldFieldsList())));

    // The same call, read as its twin: `data` are the very bytes that the receipt commits to.
    MethodDescriptor<GetDeclaredTurnoverRequest, PullResponse> twin = IncomeServiceGrpc.getGetDeclaredTurnoverMethod()
        .toBuilder(
            ProtoUtils.marshaller(GetDeclaredTurnoverRequest.getDefaultInstance()),
            ProtoUtils.marshaller(PullResponse.getDefaultInstance()))
        .build();
    tellProof("twin", ClientCalls.blockingUnaryCall(cnaf, twin, CallOptions.DEFAULT, question));
    tellProof(
        "generic", ExchangeServiceGrpc.newBlockingStub(cnaf).pull(Words.genericQuestion("d14-benefits", nir)));
  }

  private static void tellProof(String step, PullResponse answer) throws Exception {
    DeclaredTurnover data = DeclaredTurnover.parseFrom(answer.getData());
    ByteString forged = answer.getData().concat(ByteString.copyFrom(new byte[] {0}));
    tell(step, Map.of(
        "bnc_cents", data.getAmounts().getBncCents(),
        "proven", Proof.proves(answer.getReceipt(), answer.getData()),
        "forged", Proof.proves(answer.getReceipt(), forged),
        "response", HexFormat.of().formatHex(answer.toByteArray())));
  }

  private static void beRefused(ManagedChannel cnaf, ManagedChannel urssaf, Subject nir, Subject company)
      throws Exception {
    IncomeServiceGrpc.IncomeServiceBlockingStub income = IncomeServiceGrpc.newBlockingStub(cnaf);
    GetDeclaredTurnoverRequest withoutKey = Words.typedQuestion("d14-benefits", nir).toBuilder().clearPeriod().build();
    List<Supplier<Object>> calls = List.of(
        () -> income.getDeclaredTurnover(Words.typedQuestion("d13-unemployment", nir)),
        () -> income.getDeclaredTurnover(withoutKey),
        () -> IncomeServiceGrpc.newBlockingStub(urssaf).getCompanyTurnover(Words.liveQuestion(company)));
    for (Supplier<Object> call : calls) {
      try {
        call.get();
      } catch (StatusRuntimeException error) {
        tell("refused", Refusal.of(error));
      }
    }
  }

  private static void audit(ManagedChannel auditor) {
    SearchExchangesRequest request =
        SearchExchangesRequest.newBuilder().setConsumer("cnaf").setCaseReference("ENQUIRY-1").build();
    for (FoundEntry found : AuditServiceGrpc.newBlockingStub(auditor).searchExchanges(request).getEntriesList()) {
      tell("found", Map.of(
          "outcome", found.getPublicPart().getOutcome().name(),
          "reason", found.getPublicPart().getReason(),
          "id", HexFormat.of().formatHex(found.getPublicPart().getEntryId().toByteArray())));
    }
  }

  private static void tell(String step, Map<String, Object> said) {
    Map<String, Object> line = new TreeMap<>(said);
    line.put("step", step);
    System.out.println(Json.of(line));
  }
}
