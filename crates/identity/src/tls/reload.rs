//! New certificates without a restart.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{ServerFiles, ServerTls, TlsError};

/// The server's side of TLS, read again from the same files on demand.
///
/// A connection belongs to the [`ServerTls`] that accepted it: take [`current`](Self::current) once a
/// connection. A reload concerns the connections accepted after it. An authority that is taken out of a bundle
/// therefore keeps its open connections; revoke their certificates to end their authority at once.
#[derive(Debug)]
pub struct ReloadingServerTls {
    files: ServerFiles,
    current: ArcSwap<ServerTls>,
}

impl ReloadingServerTls {
    /// Reads `files` for the first time.
    ///
    /// # Errors
    /// As [`ServerTls::load`].
    pub fn load(files: ServerFiles) -> Result<Self, TlsError> {
        let current = ArcSwap::from_pointee(ServerTls::load(&files)?);
        Ok(Self { files, current })
    }

    /// What the next connection is accepted with. It costs an atomic operation.
    #[must_use]
    pub fn current(&self) -> Arc<ServerTls> {
        self.current.load_full()
    }

    /// Reads the files again; when one of them is bad, what was loaded before stays in use.
    ///
    /// # Errors
    /// As [`ServerTls::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.store(Arc::new(ServerTls::load(&self.files)?));
        Ok(())
    }
}
