//! From which hosts a file that an answer links may be fetched, and when.

use std::time::Duration;

use http::Uri;

use super::limits::Pause;
use super::settings::{InvalidRestSettings, Protection, protection};
use crate::failure::InvalidAnswer;
use crate::interface::Link;

/// The hosts, each with its own limits.
pub(super) struct FileHosts {
    hosts: Vec<FileHost>,
    /// How the provider itself is reached: a provider elsewhere cannot send the hub to its own machine.
    protection: Protection,
}

/// One of them.
pub(super) struct FileHost {
    /// As `host` or `host:port`, in small letters.
    name: String,
    pub(super) pause: Pause,
}

impl FileHosts {
    pub(super) fn parse(
        hosts: &[String],
        protection: Protection,
        pause_max: Duration,
    ) -> Result<Self, InvalidRestSettings> {
        let host = |name: &String| FileHost { name: name.to_ascii_lowercase(), pause: Pause::new(pause_max) };
        let is_host = |host: &str| {
            let uri: Option<Uri> = format!("https://{host}/").parse().ok();
            uri.is_some_and(|uri| uri.authority().is_some_and(|authority| authority.as_str() == host))
                && !host.contains('@')
        };
        match hosts.iter().find(|host| !is_host(host)) {
            Some(host) => Err(InvalidRestSettings::FileHost(host.clone())),
            None => Ok(Self { hosts: hosts.iter().map(host).collect(), protection }),
        }
    }

    /// The address of the link and its host, when it may be followed.
    pub(super) fn allow(&self, link: &Link) -> Result<(Uri, &FileHost), InvalidAnswer> {
        let refused = || InvalidAnswer::LinkNotAllowed { field: link.field() };
        let uri: Uri = link.address().parse().map_err(|_not_an_address| refused())?;
        if protection(&uri) != Some(self.protection) {
            return Err(refused());
        }
        let authority = uri.authority().ok_or_else(refused)?.as_str().to_ascii_lowercase();
        let bare = authority.strip_suffix(":443").unwrap_or(&authority);
        let allowed = self.hosts.iter().find(|host| host.name == authority || host.name == bare);
        allowed.map(|host| (uri, host)).ok_or_else(refused)
    }
}
