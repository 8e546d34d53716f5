//! Chromium for the tests of the page: the machine's own, or Debian's package unpacked below `.local/debian` with its
//! libraries and fonts. Nothing is installed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::OnceCell;

use super::packages::Program;
use super::{debian, paths};

const PACKAGE: &str = "chromium";
/// In the folders of the PATH, and where a Mac has its applications.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const APPLICATIONS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/// Below the folder of an unpacked package. The program on the PATH is a script that knows only its installed place.
const UNPACKED: &str = "usr/lib/chromium/chromium";
/// In place of a font that is not there; comes with the package, if the machine has none.
const FONT: &str = "DejaVu Sans";
const ADVICE: &str = "the tests of the page need Chromium, which was not found and could not be \
    unpacked: install it so that `chromium` is on the PATH and runs (Debian package chromium; \
    elsewhere Chromium or Google Chrome)";

/// A browser that runs here.
#[derive(Clone, Debug)]
pub struct Chromium {
    /// The executable.
    pub path: PathBuf,
    /// What it needs in its environment; empty for the machine's own.
    pub environment: Vec<(String, OsString)>,
}

/// Finds it; gets it if the machine lacks it.
///
/// # Errors
/// It is not there and cannot be had: the message says what to install.
pub async fn find() -> Result<Chromium> {
    // Once: tests of one process would write the same files at the same time.
    static FOUND: OnceCell<Chromium> = OnceCell::const_new();
    let found = FOUND.get_or_try_init(async || tokio::task::spawn_blocking(find_or_get).await?);
    found.await.cloned()
}

fn find_or_get() -> Result<Chromium> {
    if let Some(installed) = installed() {
        return Ok(installed);
    }
    if !debian::is_possible() {
        bail!("{ADVICE}");
    }
    debian::unpack(PACKAGE).context(ADVICE)?;
    let unpacked = unpacked(&debian::root(PACKAGE))?;
    ensure!(unpacked.runs(), "{} does not run; {ADVICE}", unpacked.path.display());
    Ok(unpacked)
}

/// Some systems have a program of that name that only says how to get the real one.
fn installed() -> Option<Chromium> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let on_the_path = folders.iter().flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let all = on_the_path.chain(APPLICATIONS.map(PathBuf::from)).filter(|path| path.is_file());
    let mut all = all.map(|path| Chromium { path, environment: Vec::new() });
    all.find(Chromium::runs)
}

fn unpacked(root: &Path) -> Result<Chromium> {
    let mut libraries = debian::library_folders(root);
    // Two libraries look there, each for a part of its own, by the place it is installed at.
    let nested = libraries.iter().map(|folder| folder.join("pulseaudio"));
    libraries.extend(nested.filter(|folder| folder.is_dir()).collect::<Vec<_>>());
    let path = root.join(UNPACKED);
    let program = Program { path: path.clone(), libraries };
    let mut environment = vec![("FONTCONFIG_FILE".to_owned(), fonts(root)?.into())];
    environment.extend(program.library_path().map(|(name, value)| (name.to_owned(), value)));
    Ok(Chromium { path, environment })
}

/// The machine may have no fonts, or no configuration that finds those that were unpacked.
fn fonts(root: &Path) -> Result<PathBuf> {
    let folder = paths::local().join("fonts");
    fs::create_dir_all(&folder)?;
    let unpacked = root.join("usr/share/fonts");
    let text = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"urn:fontconfig:fonts.dtd\">\n\
         <fontconfig>\n<dir>/usr/share/fonts</dir>\n<dir>{}</dir>\n<cachedir>{}</cachedir>\n\
         <match target=\"pattern\"><edit name=\"family\" mode=\"append_last\">\
         <string>{FONT}</string></edit></match>\n</fontconfig>\n",
        unpacked.display(),
        folder.join("cache").display(),
    );
    let file = folder.join("fonts.conf");
    // Others may read it at this moment: it is replaced as a whole.
    let fresh = folder.join(format!("fonts.{}.conf", std::process::id()));
    fs::write(&fresh, text)?;
    fs::rename(&fresh, &file)?;
    Ok(file)
}

impl Chromium {
    fn runs(&self) -> bool {
        let mut command = Command::new(&self.path);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let command = command.arg("--version").envs(environment);
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
        output.is_ok_and(|output| {
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("Chrom")
        })
    }
}
