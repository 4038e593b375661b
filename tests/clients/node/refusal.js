// What a refusal says: the details of `google.rpc` that the hub puts into it.

const grpc = require("@grpc/grpc-js");

/** The stable reason, which entry of the ledger says so, and what the caller can do. */
function refusal(decode, error) {
  const told = { code: grpc.status[error.code], fields: [] };
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  for (const detail of decode("google.rpc.Status", bytes).details) {
    const name = detail.type_url.split("/").pop();
    const value = decode(name, detail.value);
    if (name === "google.rpc.ErrorInfo") {
      Object.assign(told, { reason: value.reason, domain: value.domain, exchange_id: value.metadata.exchange_id });
    } else if (name === "google.rpc.RetryInfo") {
      told.retry_millis = Math.round(value.retry_delay.seconds * 1000 + value.retry_delay.nanos / 1e6);
    } else if (name === "google.rpc.BadRequest") {
      told.fields = value.field_violations.map((violation) => violation.field);
    }
  }
  return told;
}

module.exports = { refusal };
