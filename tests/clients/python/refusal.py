"""What a refusal says: the details of `google.rpc` that the hub puts into it."""

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def refusal(error: grpc.RpcError) -> dict:
    """The stable reason, which entry of the ledger says so, and what the caller can do."""
    told = {"code": error.code().name, "fields": []}
    for detail in rpc_status.from_call(error).details:
        info = error_details_pb2.ErrorInfo()
        retry = error_details_pb2.RetryInfo()
        request = error_details_pb2.BadRequest()
        if detail.Unpack(info):
            told |= {"reason": info.reason, "domain": info.domain, "exchange_id": info.metadata.get("exchange_id")}
        elif detail.Unpack(retry):
            told["retry_millis"] = retry.retry_delay.ToMilliseconds()
        elif detail.Unpack(request):
            told["fields"] = [violation.field for violation in request.field_violations]
    return told
