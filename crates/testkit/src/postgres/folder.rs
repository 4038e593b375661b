//! The folder of one cluster, which goes with it, or with the next cluster when its process was killed.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::Path,
};

use tempfile::TempDir;

use super::programs::{Programs, user_id};

const PREFIX: &str = "unefois-cluster-";
const LOCK: &str = "lock";

#[derive(Debug)]
pub(super) struct Folder {
    directory: TempDir,
    /// Locked as long as the process lives, however that ends.
    _lock: File,
}

impl Folder {
    pub(super) fn new(programs: &Programs) -> Self {
        sweep();
        let directory = programs.folder(PREFIX);
        let unnamed = directory.path().join("new");
        let lock = File::create_new(&unnamed).unwrap();
        lock.lock().unwrap();
        // Only now is it what others look for.
        fs::rename(unnamed, directory.path().join(LOCK)).unwrap();
        Self { directory, _lock: lock }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes what killed processes of this user left: nobody holds its lock.
fn sweep() {
    let folders = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    for folder in folders.filter(|folder| folder.file_name().to_string_lossy().starts_with(PREFIX)) {
        let is_ours = folder.metadata().is_ok_and(|folder| folder.uid() == user_id());
        let Ok(lock) = File::open(folder.path().join(LOCK)) else { continue };
        if is_ours && lock.try_lock().is_ok() {
            // Another process may be sweeping it too.
            let _removed = fs::remove_dir_all(folder.path());
        }
    }
}
