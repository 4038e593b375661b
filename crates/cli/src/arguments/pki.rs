//! `unefois pki`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Where the password of the PKCS#12 files comes from. It is no argument, because shells remember arguments.
#[derive(Debug, Args)]
pub(crate) struct Pkcs12PasswordInput {
    /// A file with the password of the PKCS#12 files on its only line; `-` for standard input. Without it, a drawn
    /// password is kept beside each of them, as `<name>.p12.password`.
    #[arg(long, value_name = "FILE")]
    pub(crate) pkcs12_password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PkiCommand {
    /// Make a certificate authority, the hub's certificate, and that of the first operator: in PEM, and in PKCS#12
    /// (`.p12`) for Java and .NET.
    Init {
        /// The folder; made if it is missing.
        directory: PathBuf,
        /// The SPIFFE trust domain.
        #[arg(long, default_value = "unefois.local")]
        trust_domain: String,
        /// The names and addresses of the hub.
        #[arg(long, value_delimiter = ',', default_value = "localhost,127.0.0.1")]
        name: Vec<String>,
        /// The code of the agency that operates the hub.
        #[arg(long, default_value = "operator")]
        operator: String,
        /// How long the certificates are good.
        #[arg(long, default_value_t = 365, value_name = "DAYS")]
        days: u32,
        #[command(flatten)]
        password: Pkcs12PasswordInput,
    },
    /// Issue a certificate for a system of an agency, in PEM and in PKCS#12 (`.p12`).
    Issue {
        /// The folder of the authority.
        directory: PathBuf,
        /// The code of the agency.
        #[arg(long)]
        agency: String,
        /// The name of the system.
        #[arg(long)]
        system: String,
        /// How long the certificate is good.
        #[arg(long, default_value_t = 365, value_name = "DAYS")]
        days: u32,
        #[command(flatten)]
        password: Pkcs12PasswordInput,
    },
    /// Issue a certificate again, with a new key; the old files stay beside the new.
    Renew {
        /// The folder of the authority.
        directory: PathBuf,
        /// The certificate.
        file: PathBuf,
        #[command(flatten)]
        password: Pkcs12PasswordInput,
    },
    /// Revoke a certificate: it is refused from the next request on. As an operator, or while no hub runs.
    Revoke {
        /// The certificate.
        file: PathBuf,
        /// Why, in words.
        #[arg(long)]
        reason: String,
    },
}
