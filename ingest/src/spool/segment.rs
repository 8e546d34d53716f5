//! The files of the spool: each a head and then events, appended to by one process, read whole, removed whole.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::aside::put_away;
use super::count_given_up;
use super::frame::{SEGMENT_HEAD_BYTES, SegmentName};
use super::mark;
use super::recovery::{Recovered, recover};

const EXTENSION: &str = "spool";
const LOCK: &str = "lock";

/// The directory, which is this process's alone as long as this lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    _lock: File,
}

/// One file that was found at the start.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) left: Recovered,
    /// What stands before this place has gone at least once.
    pub(super) known_to: usize,
}

impl Directory {
    /// Makes it if it is not there, and takes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let lock = private().create(true).append(true).open(path.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "another process has it")
            }
            fs::TryLockError::Error(error) => error,
        })?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// What an earlier process has left, the oldest first, each cut to what can be read.
    pub(super) fn segments(&self) -> io::Result<Vec<Segment>> {
        let mut found = Vec::new();
        for path in self.files()? {
            if path.extension() != Some(OsStr::new(EXTENSION)) {
                continue;
            }
            match number(&path) {
                Some(number) => found.push((number, path)),
                None => tracing::error!(path = %path.display(), "no segment has such a name"),
            }
        }
        found.sort();
        let mut segments = Vec::with_capacity(found.len());
        for (number, path) in found {
            match recover(&path) {
                Ok(Some(left)) => {
                    let known_to = mark::read(&path);
                    segments.push(Segment { number, path, left, known_to });
                }
                Ok(None) => mark::remove(&path)?,
                Err(error) if is_damage(&error) => {
                    put_away(&path, &error)?;
                    count_given_up("unreadable", 1, 0);
                }
                // Another start may read it: with a descriptor, with memory, or as the right user.
                Err(error) => {
                    let what = format!("{}: {error}", path.display());
                    return Err(io::Error::new(error.kind(), what));
                }
            }
        }
        Ok(segments)
    }

    /// Above that of every file, whatever it is: what was put beside can come back under its own name.
    pub(super) fn next_number(&self) -> io::Result<u64> {
        let last = self.files()?.into_iter().filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            name.split('.').next()?.parse().ok()
        });
        Ok(last.max().map_or(0, |last: u64| last.saturating_add(1)))
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(&self.path)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    /// A new file, durable with its name.
    pub(super) fn create(&self, number: u64, name: SegmentName) -> io::Result<(PathBuf, File)> {
        let path = self.path.join(format!("{number:020}.{EXTENSION}"));
        let mut file = private().create_new(true).append(true).open(&path)?;
        let begun = file
            .write_all(&name.head())
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(&self.path)?.sync_all());
        if let Err(error) = begun {
            // A full disk is tried again and again.
            fs::remove_file(&path).ok();
            return Err(error);
        }
        Ok((path, file))
    }
}

/// Reads a part of a segment.
pub(super) fn part(path: &Path, from: usize, to: usize) -> io::Result<(SegmentName, Vec<u8>)> {
    let mut file = File::open(path)?;
    let mut head = [0; SEGMENT_HEAD_BYTES];
    file.read_exact(&mut head)?;
    let name = SegmentName::of(&head);
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no segment"))?;
    file.seek(io::SeekFrom::Start(u64::try_from(from).unwrap_or(u64::MAX)))?;
    let mut part = vec![0; to.saturating_sub(from)];
    file.read_exact(&mut part)?;
    Ok((name, part))
}

/// Whether it is the file itself that cannot be read, by anybody: a process that lacks descriptors, memory or rights is
/// no reason to give up what was accepted.
pub(super) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, IsADirectory, UnexpectedEof};
    matches!(error.kind(), InvalidData | IsADirectory | UnexpectedEof)
        || Errno::from_io_error(error) == Some(Errno::IO)
}

/// The number that is a segment's file name.
fn number(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}

/// For the eyes of one user.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use async_nats::HeaderMap;

    use super::*;
    use crate::publisher::Outgoing;
    use crate::spool::frame::Parts;

    fn filled(directory: &Directory, number: u64, bodies: &[&[u8]]) -> PathBuf {
        let name = SegmentName::random();
        let (path, mut file) = directory.create(number, name).unwrap();
        let mut offset = SEGMENT_HEAD_BYTES;
        for body in bodies {
            let event = Outgoing {
                subject: "s".to_owned(),
                headers: HeaderMap::new(),
                body: body.to_vec().into(),
            };
            let mut bytes = Vec::new();
            name.write(offset, &Parts::of(&event).unwrap(), &mut bytes);
            file.write_all(&bytes).unwrap();
            offset += bytes.len();
        }
        path
    }

    #[test]
    fn it_is_for_one_process_and_one_user() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let directory = Directory::open(&path).unwrap();
        let taken = Directory::open(&path).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::ResourceBusy);
        let file = filled(&directory, 7, &[b"a"]);
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&path)), (0o600, 0o700));
        assert_eq!(number(&file), Some(7));
        drop(directory);
        Directory::open(&path).unwrap();
    }

    #[test]
    fn a_torn_tail_is_cut_and_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        let (first, second) =
            (filled(&directory, 1, &[b"a", b"b"]), filled(&directory, 2, &[b"c"]));
        let whole = fs::read(&first).unwrap();
        fs::write(&first, &whole[..whole.len() - 1]).unwrap();
        let segments = directory.segments().unwrap();
        let seen: Vec<_> = segments.iter().map(|s| (s.path.clone(), s.left.events)).collect();
        assert_eq!(seen, [(first.clone(), 1), (second, 1)]);
        let left = usize::try_from(fs::metadata(&first).unwrap().len()).unwrap();
        assert_eq!(segments[0].left.bytes, left);
        let cut = fs::read(first.with_extension("damaged")).unwrap();
        assert_eq!([&whole[..left], &cut[..]].concat(), whole[..whole.len() - 1]);
        // Once is enough.
        assert_eq!(directory.segments().unwrap(), segments);
        assert!(!first.with_extension("2.damaged").exists());
    }

    #[test]
    fn one_that_cannot_be_read_keeps_none_of_the_others_back() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        let unreadable = folder.path().join("00000000000000000000.spool");
        fs::create_dir(&unreadable).unwrap();
        let second = filled(&directory, 1, &[b"a"]);
        let segments = directory.segments().unwrap();
        assert_eq!(segments.iter().map(|s| &s.path).collect::<Vec<_>>(), [&second]);
        assert!(unreadable.with_extension("unreadable").exists());
        // Nobody can tell any more what stands in it.
        fs::write(&second, b"its head is not one, and events stood behind it").unwrap();
        assert_eq!(directory.segments().unwrap(), []);
        assert!(second.with_extension("unreadable").exists());
    }

    #[test]
    fn only_the_file_itself_is_given_up_for() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::ACCESS, Errno::STALE] {
            assert!(!is_damage(&errno.into()), "{errno}");
        }
        for errno in [Errno::IO, Errno::ISDIR] {
            assert!(is_damage(&errno.into()), "{errno}");
        }
        assert!(is_damage(&io::ErrorKind::UnexpectedEof.into()));
        assert!(is_damage(&io::ErrorKind::InvalidData.into()));
    }

    #[test]
    fn a_number_is_not_used_again_while_anything_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        assert_eq!(directory.next_number().unwrap(), 0);
        for (name, next) in [
            ("00000000000000000004.spool", 5),
            ("00000000000000000007.2.unreadable", 8),
            ("00000000000000000006.damaged", 8),
            ("of_a_person.9", 8),
        ] {
            fs::write(folder.path().join(name), "").unwrap();
            assert_eq!(directory.next_number().unwrap(), next, "{name}");
        }
    }

    #[test]
    fn what_holds_no_event_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        let empty = filled(&directory, 1, &[]);
        let headless = folder.path().join("00000000000000000002.spool");
        fs::write(&headless, b"CSp").unwrap();
        assert_eq!(directory.segments().unwrap(), []);
        assert!(!empty.exists() && !headless.exists());
        assert_eq!(fs::read(headless.with_extension("damaged")).unwrap(), b"CSp");
    }
}
