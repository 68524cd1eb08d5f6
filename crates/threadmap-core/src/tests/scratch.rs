//! A folder of a test's own, gone when the test ends.

use std::path::{Path, PathBuf};

use crate::sync::{AtomicUsize, Ordering};
use crate::{Freezer, Map, Participant};

/// The folder.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("threadmap-test-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of the files in it.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort();
        names
    }

    /// Freezes the map into a file of that name.
    pub(super) fn freeze(&self, map: &Map, name: &str) {
        freeze(map, &self.path(name));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn freeze(map: &Map, path: &Path) {
    let me = Participant::new();
    let mut freezer = Freezer::new(path, "clone").expect("a file");
    while !freezer.step().expect("room") {
        freezer.take(map, &me.pin()).expect("no damage");
    }
}
