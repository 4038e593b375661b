//! One HTTP question within every limit: pause, questions under way, time, and size of the answer.

use std::time::Duration;

use http::header::{ACCEPT, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::error;

use super::call::Call;
use super::limits::Pause;
use super::linked::FileHosts;
use super::settings::{Base, InvalidRestSettings, RestSettings};
use super::tls::{client, connector};
use crate::failure::{InvalidAnswer, Outage, ProviderFailure};
use crate::interface::{Link, Unknown};

/// When to come back after all questions were under way: they take some hundred milliseconds.
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(200);

/// The way to one provider, with its limits.
pub(super) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    name: String,
    file_hosts: FileHosts,
    timeout: Duration,
    answer_size_bytes_max: usize,
    file_size_bytes_max: usize,
    in_flight: Semaphore,
    in_flight_max: usize,
    pause: Pause,
}

impl Transport {
    pub(super) fn new(settings: RestSettings, base: &Base) -> Result<Self, InvalidRestSettings> {
        let RestSettings {
            name,
            base_url: _,
            secret: _,
            parameters: _,
            file_hosts,
            trusted_roots,
            timeout,
            answer_size_bytes_max,
            file_size_bytes_max,
            in_flight_max,
            pause_max,
        } = settings;
        for (setting, is_zero) in [
            ("timeout", timeout.is_zero()),
            ("answer-size-bytes-max", answer_size_bytes_max == 0),
            ("file-size-bytes-max", file_size_bytes_max == 0),
            ("in-flight-max", in_flight_max == 0),
            ("pause-max", pause_max.is_zero()),
        ] {
            if is_zero {
                return Err(InvalidRestSettings::Zero(setting));
            }
        }
        let connector = connector(base.protection, trusted_roots, timeout)?;
        Ok(Self {
            client: client(connector, in_flight_max),
            name,
            file_hosts: FileHosts::parse(&file_hosts, base.protection, pause_max)?,
            timeout,
            answer_size_bytes_max,
            file_size_bytes_max,
            in_flight: Semaphore::new(in_flight_max.min(Semaphore::MAX_PERMITS)),
            in_flight_max,
            pause: Pause::new(pause_max),
        })
    }

    /// What comes of `work`, when the provider may be asked now and as long as there is time.
    pub(super) async fn within_limits<T>(
        &self,
        call: &Call,
        work: impl Future<Output = Result<T, ProviderFailure>>,
    ) -> Result<T, ProviderFailure> {
        not_paused(&self.pause)?;
        let Ok(_under_way) = self.in_flight.try_acquire() else {
            return Err(ProviderFailure::Unavailable {
                retry_after: Some(BUSY_RETRY_AFTER),
                source: Outage::Busy { in_flight_max: self.in_flight_max },
            });
        };
        let time = call.deadline.map_or(self.timeout, |deadline| deadline.min(self.timeout));
        let timed_out = || ProviderFailure::outage(Outage::TimedOut(time));
        if time.is_zero() {
            return Err(timed_out());
        }
        match tokio::time::timeout(time, work).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(timed_out()),
        }
    }

    /// The body of the answer to `uri`, when its status is 200.
    pub(super) async fn fetch(
        &self,
        uri: Uri,
        headers: &HeaderMap,
        unknown: Option<&Unknown>,
        call: &Call,
    ) -> Result<Bytes, ProviderFailure> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.headers_mut().extend(headers.clone());
        // A text that is no header is no context either: the question goes without.
        if let Some(Ok(value)) = call.traceparent.as_ref().map(HeaderValue::try_from) {
            request.headers_mut().insert("traceparent", value);
        }
        let response = self.send(request).await?;
        self.pause.learn(response.status(), response.headers(), Instant::now());
        if let Some(unknown) = unknown.filter(|unknown| unknown.status() == response.status().as_u16()) {
            return Err(unknown.failure(&read(response.into_body(), self.answer_size_bytes_max).await?));
        }
        self.check_status(&response, unknown)?;
        read(response.into_body(), self.answer_size_bytes_max).await
    }

    /// The file that an answer links, from an allowed host only. That host is not the provider: it gets neither the
    /// secret nor the trace, and its limits are its own.
    pub(super) async fn fetch_linked(&self, link: &Link) -> Result<Bytes, ProviderFailure> {
        let (uri, host) = self.file_hosts.allow(link)?;
        not_paused(&host.pause)?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        let response = self.send(request).await?;
        host.pause.learn(response.status(), response.headers(), Instant::now());
        let unavailable = |source| {
            let retry_after = host.pause.retry_after(response.status(), response.headers());
            Err(ProviderFailure::Unavailable { retry_after, source })
        };
        match response.status() {
            StatusCode::OK => read(response.into_body(), self.file_size_bytes_max).await,
            StatusCode::TOO_MANY_REQUESTS => unavailable(Outage::TooManyRequests),
            status if status.is_server_error() => unavailable(Outage::Status(status.as_u16())),
            status => Err(InvalidAnswer::LinkedFile { field: link.field(), status: status.as_u16() }.into()),
        }
    }

    async fn send(&self, request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, ProviderFailure> {
        let response = self.client.request(request).await;
        response.map_err(|error| ProviderFailure::outage(Outage::Connection(Box::new(error))))
    }

    fn check_status(&self, response: &Response<Incoming>, unknown: Option<&Unknown>) -> Result<(), ProviderFailure> {
        let status = response.status();
        let unavailable = |source| ProviderFailure::Unavailable {
            retry_after: self.pause.retry_after(status, response.headers()),
            source,
        };
        match status {
            StatusCode::OK => Ok(()),
            StatusCode::NOT_FOUND if unknown.is_none() => Err(ProviderFailure::NotFound),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                error!(
                    provider.name = self.name,
                    provider.status = status.as_u16(),
                    "our secret was refused by provider `{}`: renew it, or have its rights extended",
                    self.name
                );
                Err(ProviderFailure::outage(Outage::SecretRefused(status.as_u16())))
            }
            StatusCode::TOO_MANY_REQUESTS => Err(unavailable(Outage::TooManyRequests)),
            status if status.is_server_error() => Err(unavailable(Outage::Status(status.as_u16()))),
            StatusCode::UNPROCESSABLE_ENTITY => Err(InvalidAnswer::QuestionRefused.into()),
            status => Err(InvalidAnswer::UnexpectedStatus(status.as_u16()).into()),
        }
    }
}

/// Who wants to be left alone is.
fn not_paused(pause: &Pause) -> Result<(), ProviderFailure> {
    match pause.left(Instant::now()) {
        Some(left) => Err(ProviderFailure::Unavailable { retry_after: Some(left), source: Outage::LimitUsedUp }),
        None => Ok(()),
    }
}

async fn read(body: Incoming, max_bytes: usize) -> Result<Bytes, ProviderFailure> {
    match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(InvalidAnswer::TooLong { max_bytes }.into()),
        Err(error) => Err(ProviderFailure::outage(Outage::Connection(error))),
    }
}
