//! Rewrites what programs read about the API: `openapi.json` and `frames.schema.json`. Run by `make schemas`.

use std::fs;
use std::io;
use std::path::Path;

use curbe_notifier::openapi;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(folder.join("openapi.json"), openapi::document())?;
    fs::write(folder.join("frames.schema.json"), openapi::frames::schema())
}
