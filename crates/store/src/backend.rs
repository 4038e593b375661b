//! The two backends behind one interface: which of them a handle is on, and how it is called.

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

/// Calls the same method on whichever backend it is: SQLite answers at once, on the thread that asks.
macro_rules! at_once {
    ($backend:expr, $it:ident => $call:expr) => {
        match $backend {
            $crate::backend::Backend::Sqlite($it) => $call,
            $crate::backend::Backend::Postgres($it) => $call.await,
        }
    };
}

pub(crate) use {at_once, on};
