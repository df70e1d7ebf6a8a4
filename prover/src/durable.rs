//! Files that are there whole or not at all, also where the machine loses its power.

use eyre::{Result, WrapErr as _};
use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

/// Writes a file by way of another one beside it. Once this returns, the file is on the disk; until then, what was there before is.
pub fn write(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    write_by(path, |unfinished| {
        let mut writer = BufWriter::with_capacity(1 << 20, File::create(unfinished)?);
        fill(&mut writer)?;
        Ok(writer.flush()?)
    })
}

/// The same with what writes a file of a given name itself.
pub fn write_by(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let unfinished = unfinished(path);
    let write = || {
        make(&unfinished)?;
        // Before it gets its name: the name may reach the disk sooner than the bytes.
        File::open(&unfinished)?.sync_all()?;
        fs::rename(&unfinished, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        sync_folder(folder.unwrap_or(Path::new(".")))
    };
    write().wrap_err_with(|| format!("{} cannot be written", path.display()))
}

/// Has the disk hold which files a folder has.
pub fn sync_folder(folder: &Path) -> Result<()> {
    Ok(File::open(folder)?.sync_all()?)
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyre::eyre;

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let folder = crate::parts::tests::folder("durable");
        let path = folder.join("file");
        write(&path, |file| Ok(file.write_all(b"first")?)).unwrap();
        let failed = write(&path, |file| {
            file.write_all(b"half")?;
            Err(eyre!("the power went"))
        });
        assert!(format!("{:#}", failed.unwrap_err()).contains("the power went"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        write(&path, |file| Ok(file.write_all(b"second")?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert!(!unfinished(&path).exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
