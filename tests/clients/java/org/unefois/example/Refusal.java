package org.unefois.example;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a refusal says: the details of {@code google.rpc} that the hub puts into it. */
final class Refusal {
  private Refusal() {}

  /** The stable reason, which entry of the ledger says so, and what the caller can do. */
  static Map<String, Object> of(StatusRuntimeException error) throws Exception {
    Map<String, Object> told = new TreeMap<>();
    told.put("code", error.getStatus().getCode().name());
    told.put("fields", List.of());
    for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        ErrorInfo info = detail.unpack(ErrorInfo.class);
        told.put("reason", info.getReason());
        told.put("domain", info.getDomain());
        told.put("exchange_id", info.getMetadataMap().get("exchange_id"));
      } else if (detail.is(RetryInfo.class)) {
        told.put("retry_millis", Durations.toMillis(detail.unpack(RetryInfo.class).getRetryDelay()));
      } else if (detail.is(BadRequest.class)) {
        List<BadRequest.FieldViolation> violations = detail.unpack(BadRequest.class).getFieldViolationsList();
        told.put("fields", violations.stream().map(BadRequest.FieldViolation::getField).toList());
      }
    }
    return told;
  }
}
