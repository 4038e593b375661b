//! The clock of a program that is started, set forward.

use std::fs;

/// The words that run a program with its clock ahead, such as `1h` or `3d`, and nothing else about its time changed.
#[must_use]
pub fn clock_ahead(by: &str) -> Vec<String> {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let library = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    let library =
        library.expect("libfaketime is not installed; `cargo xtask test` installs Debian's package `faketime`");
    let (preloaded, ahead) = (format!("LD_PRELOAD={}", library.display()), format!("FAKETIME=+{by}"));
    ["env", &preloaded, &ahead, "FAKETIME_DONT_FAKE_MONOTONIC=1"].map(str::to_owned).into()
}
