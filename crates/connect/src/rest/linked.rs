//! From which hosts a file that an answer links may be fetched.

use http::Uri;

use super::settings::{InvalidRestSettings, Protection, protection};
use crate::failure::InvalidAnswer;
use crate::interface::Link;

/// The hosts, as `host` or `host:port`, in small letters.
pub(super) struct FileHosts {
    hosts: Vec<String>,
    /// How the provider itself is reached: a provider elsewhere cannot send the hub to its own machine.
    protection: Protection,
}

impl FileHosts {
    pub(super) fn parse(hosts: &[String], protection: Protection) -> Result<Self, InvalidRestSettings> {
        let is_host = |host: &str| {
            let uri: Option<Uri> = format!("https://{host}/").parse().ok();
            uri.is_some_and(|uri| uri.authority().is_some_and(|authority| authority.as_str() == host))
                && !host.contains('@')
        };
        match hosts.iter().find(|host| !is_host(host)) {
            Some(host) => Err(InvalidRestSettings::FileHost(host.clone())),
            None => Ok(Self { hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(), protection }),
        }
    }

    /// The address of the link, when it may be followed.
    pub(super) fn allow(&self, link: &Link) -> Result<Uri, InvalidAnswer> {
        let refused = || InvalidAnswer::LinkNotAllowed { field: link.field() };
        let uri: Uri = link.address().parse().map_err(|_not_an_address| refused())?;
        if protection(&uri) != Some(self.protection) {
            return Err(refused());
        }
        let authority = uri.authority().ok_or_else(refused)?.as_str().to_ascii_lowercase();
        let bare = authority.strip_suffix(":443").unwrap_or(&authority);
        let is_allowed = self.hosts.iter().any(|host| *host == authority || *host == bare);
        is_allowed.then_some(uri).ok_or_else(refused)
    }
}
