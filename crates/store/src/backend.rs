//! The two backends behind one interface: which of them a handle is on, and the one way to call it.

/// SQLite, or PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) enum Backend<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// Calls the same method on whichever backend it is.
macro_rules! on {
    ($backend:expr, $it:ident => $call:expr) => {
        match $backend {
            $crate::backend::Backend::Sqlite($it) => $call,
            $crate::backend::Backend::Postgres($it) => $call,
        }
    };
}

pub(crate) use on;
