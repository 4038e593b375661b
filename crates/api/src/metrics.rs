//! What the doors count and measure.

use std::sync::Arc;

use tonic::Code;
use unefois_identity::{Expiries, ReloadingServerTls};
use unefois_telemetry::{Counter, Gauge, HistogramTable, LATENCY_BUCKETS, Metrics};

use crate::matrix::MATRIX;

/// The methods that are served, and one name for all others: what a caller makes up is never a label.
pub(crate) const METHODS: &[&str] = &{
    let mut names = ["other"; MATRIX.len() + 1];
    let mut place = 0;
    while place < MATRIX.len() {
        names[place] = MATRIX[place].0;
        place += 1;
    }
    names
};

/// The names of the codes of gRPC, in the order of their numbers.
const CODES: &[&str] = &[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The instruments of the doors.
#[derive(Debug)]
pub(crate) struct DoorMetrics {
    calls: HistogramTable,
    pub(crate) connections: Gauge,
    /// Too slow, no handshake, no caller.
    refused: Vec<Counter>,
}

/// Why a connection was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    TooSlow,
    NoHandshake,
    NoPeer,
}

impl DoorMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            calls: HistogramTable::new(
                metrics,
                ("unefois_api_call_seconds", "How long each call takes, streams to their end, by method and gRPC code"),
                LATENCY_BUCKETS,
                ("method", METHODS),
                ("code", CODES),
            ),
            connections: metrics.gauge(("unefois_api_connections", "Open connections of partners")),
            refused: metrics.counters(
                ("unefois_api_handshakes_refused_total", "Connections that were refused before any call"),
                ["reason"],
                [["too_slow"], ["no_handshake"], ["no_peer"]],
            ),
        }
    }

    /// Counts a call that ended.
    pub(crate) fn called(&self, method: usize, code: Code, seconds: f64) {
        self.calls.observe(method, code as usize, seconds);
    }

    /// Counts a connection that was not taken.
    pub(crate) fn refused(&self, why: NotTaken) {
        self.refused[why as usize].inc();
    }
}

/// The place of a method among [`METHODS`].
pub(crate) fn method_place(path: &str) -> usize {
    METHODS.iter().position(|method| *method == path).unwrap_or(METHODS.len() - 1)
}

/// The name of a code.
pub(crate) fn code_name(code: Code) -> &'static str {
    CODES[code as usize]
}

/// Shows when the certificates in use expire.
pub(crate) fn watch_certificates(metrics: &Metrics, tls: Arc<ReloadingServerTls>) {
    const HELP: &str = "When a certificate of the server expires; of a bundle, the one that expires first";
    let Expiries { partner_ca, .. } = tls.current().expiries();
    let files = [Some("server"), Some("client_ca"), partner_ca.map(|_| "partner_ca")];
    let about = ("unefois_identity_certificate_expiry_timestamp_seconds", HELP);
    let gauges = metrics.gauges(about, ["certificate"], files.into_iter().flatten().map(|file| [file]));
    metrics.on_read(move || {
        let Expiries { server, trust_domain_ca, partner_ca } = tls.current().expiries();
        for (gauge, at) in gauges.iter().zip([Some(server), Some(trust_domain_ca), partner_ca].into_iter().flatten()) {
            gauge.set(at);
        }
    });
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::{CODES, METHODS, code_name, method_place};

    #[test]
    fn every_code_has_its_own_name() {
        for number in 0..17 {
            // `NotFound` and `NOT_FOUND` are the same word.
            let name = format!("{:?}", Code::from(number)).to_uppercase();
            assert_eq!(code_name(Code::from(number)).replace('_', ""), name);
        }
        assert_eq!(CODES.len(), 17);
    }

    #[test]
    fn what_a_caller_makes_up_is_other() {
        assert_eq!(METHODS[method_place("/unefois.exchange.v1.ExchangeService/Pull")], METHODS[0]);
        assert_eq!(METHODS[method_place("/255081416802538/1")], "other");
    }
}
