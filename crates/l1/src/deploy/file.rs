//! JSON files that are whole or not there.

use super::DeployError;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, fs, io::Write, path::Path};

pub(super) fn load<T: DeserializeOwned>(path: &Path) -> Result<T, DeployError> {
    let bytes = fs::read(path).map_err(|error| wrong(path, &error))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(path, &error))
}

pub(super) fn save<T: Serialize>(path: &Path, value: &T) -> Result<(), DeployError> {
    let directory =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        serde_json::to_writer_pretty(&mut file, value)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        // The name is durable once the directory is.
        fs::File::open(directory)?.sync_all()
    };
    write().map_err(|error| wrong(path, &error))
}

fn wrong(path: &Path, reason: &dyn Display) -> DeployError {
    DeployError::File { path: path.to_owned(), reason: reason.to_string() }
}
