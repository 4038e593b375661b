//! Calling a hub from the command line: whose certificate, which subject.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use unefois_client::{ClientSettings, Connection, Refused};
use unefois_core::Purpose;
use unefois_proto::pb::{self, subject::v1::Subject};

use crate::{
    arguments::{HubArguments, SubjectInput},
    config::{Config, Unusable},
};

/// The settings of a call: flags before environment before file.
pub(crate) fn settings(config: Option<&Path>, arguments: HubArguments) -> anyhow::Result<ClientSettings> {
    let client = Config::load(config)?.client;
    let HubArguments { hub, ca, certificate, key } = arguments;
    let default = ClientSettings::default();
    Ok(ClientSettings {
        endpoint: hub.or(client.hub).unwrap_or(default.endpoint),
        ca: ca.or(client.ca).unwrap_or(default.ca),
        certificate: certificate.or(client.certificate),
        key: key.or(client.key),
        ..ClientSettings::default()
    })
}

/// Connects, and says which flag is missing when no certificate is given.
pub(crate) async fn connect(settings: &ClientSettings) -> anyhow::Result<Connection> {
    if settings.certificate.is_none() {
        let rule = "a hub is called with a certificate: give --certificate and --key, or a [client] table";
        bail!(Unusable(rule.to_owned()));
    }
    Ok(Connection::open(settings).await?)
}

/// What a status of the hub says, as an error of the command.
pub(crate) fn refused(status: &tonic::Status) -> anyhow::Error {
    Refused::from_status(status).into()
}

/// The one subject of an input.
pub(crate) fn subject(input: &SubjectInput) -> anyhow::Result<Subject> {
    let mut subjects = subjects(input)?;
    match (subjects.pop(), subjects.is_empty()) {
        (Some(subject), true) => Ok(subject),
        _ => bail!("one subject is expected: a single line such as `nir:255081416802538`"),
    }
}

/// The subjects of an input, a line each.
pub(crate) fn subjects(input: &SubjectInput) -> anyhow::Result<Vec<Subject>> {
    if input.subject.is_some() {
        let rule = "an identifier as an argument stays in the history of the shell: give it on standard input, or in a \
                    file with --subject-file";
        bail!(Unusable(rule.to_owned()));
    }
    let text = match input.subject_file.as_deref() {
        Some(file) if file != Path::new("-") => std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the subject from `{}`", file.display()))?,
        _ => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("cannot read the subject from standard input")?;
            text
        }
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(subject_of_line).collect()
}

/// `kind:identifier`, or `local:agency:identifier`. What is wrong is said without the identifier.
pub(crate) fn subject_of_line(line: &str) -> anyhow::Result<Subject> {
    use pb::subject::v1::subject::Identifier;
    let expected =
        "a subject is a line such as `nir:255081416802538`, `siren:…`, `siret:…`, `spi:…` or `local:AGENCY:…`";
    let (kind, text) = line.split_once(':').context(expected)?;
    let identifier = match kind {
        "nir" => Identifier::Nir(text.to_owned()),
        "siren" => Identifier::Siren(text.to_owned()),
        "siret" => Identifier::Siret(text.to_owned()),
        "spi" => Identifier::Spi(text.to_owned()),
        "local" => {
            let (agency, value) = text.split_once(':').context(expected)?;
            let (agency, value) = (agency.to_owned(), value.to_owned());
            Identifier::Local(pb::subject::v1::LocalIdentifier { agency, value })
        }
        _ => bail!(expected),
    };
    Ok(Subject { identifier: Some(identifier) })
}

/// The number of a purpose on the wire.
pub(crate) fn purpose(code: &str) -> anyhow::Result<i32> {
    let codes = Purpose::ALL.map(Purpose::code).join(", ");
    let purpose = Purpose::from_code(code).with_context(|| format!("`{code}` is not a purpose: {codes}"))?;
    Ok(unefois_proto::purpose_to_wire(purpose).into())
}

/// A file that a command is given.
pub(crate) fn read(file: &PathBuf) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}
