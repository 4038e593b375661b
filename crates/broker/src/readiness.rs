//! Whether the hub should be asked: what a probe is told.

use crate::hub::Hub;

/// Why the hub should not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// The recorder has ended: nothing can be recorded, and so nothing can leave.
    #[error("the recorder has ended")]
    NotRecording,
    /// The search index is so far behind that exchanges are turned away.
    #[error("the tail of the search index is at its limit")]
    IndexBehind,
}

impl Hub {
    /// Whether the hub can record exchanges now.
    ///
    /// # Errors
    /// What keeps it from recording.
    pub fn readiness(&self) -> Result<(), Unready> {
        if !self.recorder.is_running() {
            return Err(Unready::NotRecording);
        }
        if self.recorder.index_tail() > self.limits.index_tail_max {
            return Err(Unready::IndexBehind);
        }
        Ok(())
    }
}
