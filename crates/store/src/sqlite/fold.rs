//! Folding a write-ahead log into its database, as a step of its own: SQLite's automatic one, at the end of a commit,
//! says nothing when it fails, and tries again at the next commit.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::error::{Doing, Error};

/// How long the header of a write-ahead log is, and that of each frame in it.
///
/// The format is SQLite's "WAL File Format": numbers are big-endian; the page size is at byte 8 of the header, and two
/// salts, which every frame written since the log was begun anew repeats at its own byte 8, are at byte 16.
const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: u64 = 24;
const SALTS_IN_FRAME: u64 = 8;

/// When to fold one log.
#[derive(Debug)]
pub(crate) struct Fold {
    log: PathBuf,
    file: Option<File>,
    /// The salts of the log as it was seen last.
    salts: [u8; 8],
    /// The frame whose writing makes it due.
    due_at_frame: u64,
    every_frames: u64,
}

impl Fold {
    pub(crate) fn new(database: &Path, after_pages: u32) -> Self {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let every_frames = u64::from(after_pages.max(1));
        Self { log: log.into(), file: None, salts: [0; 8], due_at_frame: every_frames, every_frames }
    }

    /// Whether the log has grown long. Two short reads of what was just written, so not worth a thread.
    pub(crate) fn is_due(&mut self) -> Result<bool, Error> {
        self.looks_due().map_err(|error| Error::File {
            path: self.log.clone(),
            what: format!("the write-ahead log cannot be read: {error}"),
        })
    }

    fn looks_due(&mut self) -> io::Result<bool> {
        let file = match self.file.take() {
            Some(file) => file,
            // Safe beside SQLite: its locks are on other files.
            None => match File::open(&self.log) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            },
        };
        let file = self.file.insert(file);
        let mut header = [0; LOG_HEADER_BYTES];
        if file.read_at(&mut header, 0)? < LOG_HEADER_BYTES {
            return Ok(false);
        }
        let salts: [u8; 8] = header[16..24].try_into().expect("eight bytes of the header");
        if salts != self.salts {
            // Begun anew: everything before it is in the database.
            self.salts = salts;
            self.due_at_frame = self.every_frames;
        }
        let page_bytes = u32::from_be_bytes(header[8..12].try_into().expect("four bytes of the header"));
        let frame_at = (self.due_at_frame - 1) * (FRAME_HEADER_BYTES + u64::from(page_bytes));
        let mut of_frame = [0; 8];
        let read = file.read_at(&mut of_frame, LOG_HEADER_BYTES as u64 + frame_at + SALTS_IN_FRAME)?;
        Ok(read == of_frame.len() && of_frame == salts)
    }

    /// Folds what no reader needs any more.
    pub(crate) fn run(&mut self, connection: &Connection) -> Result<(), Error> {
        let in_log = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(1));
        let in_log = in_log.doing("fold its write-ahead log into the database")?;
        // A reader may keep the log from being begun anew: not again at every commit.
        self.due_at_frame = u64::try_from(in_log).unwrap_or_default() + self.every_frames;
        Ok(())
    }
}
