//! `unefois pki`: a certificate authority for development.

use std::path::Path;

use anyhow::Context;
use unefois_core::{AgencyCode, RegistryFile, Revocation};
use unefois_identity::{
    Authority, CertificateKind, IssueRequest, Issued, ServerName, SystemName, TrustDomain, Validity, agency_named_by,
    fingerprint_of,
};

use crate::{
    arguments::{HubArguments, PkiCommand},
    output, registry,
};

pub(crate) async fn run(command: PkiCommand, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    match command {
        PkiCommand::Init { directory, trust_domain, name, operator, days } => {
            init(&directory, &trust_domain, name, &operator, days)
        }
        PkiCommand::Issue { directory, agency, system, days } => {
            let issued = issue(&Authority::open(&directory)?, &agency, &system, CertificateKind::Client, days)?;
            print_issued("issued", &issued);
            Ok(())
        }
        PkiCommand::Renew { directory, file } => {
            let old = fingerprint_of(&file)?;
            let issued = Authority::open(&directory)?.renew(&file, output::now())?;
            print_issued("renewed", &issued);
            println!("the old certificate {} is still good until it is revoked", output::hexadecimal(&old));
            Ok(())
        }
        PkiCommand::Revoke { file, reason } => revoke(&file, reason, config, hub).await,
    }
}

fn init(directory: &Path, trust_domain: &str, names: Vec<String>, operator: &str, days: u32) -> anyhow::Result<()> {
    let trust_domain = TrustDomain::parse(trust_domain)?;
    let authority = Authority::init(directory, &trust_domain, output::now())?;
    let names = names
        .into_iter()
        .map(|name| ServerName::try_from(name.clone()).with_context(|| format!("`{name}` is not a name or address")))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let server = issue(&authority, "hub", "server", CertificateKind::Server { names }, days)?;
    // The names that the default configuration expects.
    let (certificate, key) = (directory.join("server.pem"), directory.join("server.key"));
    std::fs::rename(&server.certificate_path, &certificate)?;
    std::fs::rename(&server.key_path, &key)?;
    let first = issue(&authority, operator, "admin", CertificateKind::Client, days)?;
    println!("authority  {}", authority.certificate_path().display());
    println!("hub        {}", certificate.display());
    println!("operator   {}", first.certificate_path.display());
    Ok(())
}

fn issue(
    authority: &Authority,
    agency: &str,
    system: &str,
    kind: CertificateKind,
    days: u32,
) -> anyhow::Result<Issued> {
    let request = IssueRequest {
        agency: AgencyCode::parse(agency)?,
        system: SystemName::parse(system)?,
        kind,
        validity: Validity::Days(days),
    };
    Ok(authority.issue(&request, output::now())?)
}

fn print_issued(verb: &str, issued: &Issued) {
    println!("{verb}  {}", issued.certificate_path.display());
    println!("key     {}", issued.key_path.display());
    println!("until   {}", issued.not_after);
}

async fn revoke(file: &Path, reason: String, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    let fingerprint = fingerprint_of(file)?;
    let agency = agency_named_by(file)?
        .context("the certificate carries no SPIFFE name of an agency; write the revocation into a registry file")?;
    let file =
        RegistryFile { revocations: vec![Revocation { fingerprint, agency, reason }], ..RegistryFile::default() };
    registry::apply(&file, registry::Mode::Apply, config, hub).await.map(|applied| registry::print(&applied))
}
