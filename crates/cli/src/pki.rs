//! `unefois pki`: a certificate authority for development.

mod pkcs12;

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
use pkcs12::Passwords;

pub(crate) async fn run(command: PkiCommand, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    match command {
        PkiCommand::Init { directory, trust_domain, name, operator, days, password } => {
            init(&directory, &trust_domain, name, &operator, days, &Passwords::read(password)?)
        }
        PkiCommand::Issue { directory, agency, system, days, password } => {
            let passwords = Passwords::read(password)?;
            let authority = Authority::open(&directory)?;
            let issued = issue(&authority, &agency, &system, CertificateKind::Client, days)?;
            pkcs12::write(&authority, &issued, &passwords)?;
            print_issued("issued", &issued);
            Ok(())
        }
        PkiCommand::Renew { directory, file, password } => renew(&directory, &file, &Passwords::read(password)?),
        PkiCommand::Revoke { file, reason } => revoke(&file, reason, config, hub).await,
    }
}

fn init(
    directory: &Path,
    trust_domain: &str,
    names: Vec<String>,
    operator: &str,
    days: u32,
    passwords: &Passwords,
) -> anyhow::Result<()> {
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
    pkcs12::write(&authority, &first, passwords)?;
    output::print_line!("authority  {}", authority.certificate_path().display());
    output::print_line!("hub        {}", certificate.display());
    output::print_line!("operator   {}", first.certificate_path.display());
    output::print_line!("for Java   {}, {}", authority.trust_store_path().display(), first.pkcs12_path().display());
    Ok(())
}

fn renew(directory: &Path, file: &Path, passwords: &Passwords) -> anyhow::Result<()> {
    let old = fingerprint_of(file)?;
    let store = pkcs12::is_beside(file, passwords)?;
    let authority = Authority::open(directory)?;
    let issued = authority.renew(file, output::now())?;
    if store {
        pkcs12::write(&authority, &issued, passwords)?;
    }
    print_issued("renewed", &issued);
    output::print_line!("the old certificate {} is still good until it is revoked", output::hexadecimal(&old));
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
    output::print_line!("{verb}  {}", issued.certificate_path.display());
    output::print_line!("key     {}", issued.key_path.display());
    if issued.pkcs12_path().exists() {
        output::print_line!("pkcs12  {}", issued.pkcs12_path().display());
    }
    output::print_line!("until   {}", issued.not_after);
}

async fn revoke(file: &Path, reason: String, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    let fingerprint = fingerprint_of(file)?;
    let agency = agency_named_by(file)?
        .context("the certificate carries no SPIFFE name of an agency; write the revocation into a registry file")?;
    let file =
        RegistryFile { revocations: vec![Revocation { fingerprint, agency, reason }], ..RegistryFile::default() };
    registry::apply(&file, registry::Mode::Apply, config, hub).await.map(|applied| registry::print(&applied))
}
