//! Rewrites what programs read about the worker's port: `openapi.json`. Run by `make schemas`.

use std::fs;
use std::io;
use std::path::Path;

use curbe_worker::openapi;

fn main() -> io::Result<()> {
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json"), openapi::document())
}
