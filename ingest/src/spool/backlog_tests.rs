//! What waits, what has gone, and what is kept all the same.

use std::fs;

use super::*;

fn filled(keeps: Duration) -> (tempfile::TempDir, Backlog) {
    let folder = tempfile::tempdir().unwrap();
    let backlog = Backlog::new(Vec::new(), keeps);
    for number in 0..2 {
        let path = folder.path().join(number.to_string());
        fs::write(&path, b"").unwrap();
        backlog.begin(number, path);
        backlog.grow(number, 100, 2);
    }
    (folder, backlog)
}

#[test]
fn the_oldest_goes_first_and_goes_once() {
    let (_folder, backlog) = filled(Duration::ZERO);
    let next = |backlog: &Backlog| backlog.next().map(|next| (next.number, next.from, next.to));
    let head = SEGMENT_HEAD_BYTES;
    assert_eq!(next(&backlog), Some((0, head, head + 100)));
    backlog.acknowledged(0, 40, 1);
    assert_eq!(next(&backlog), Some((0, head + 40, head + 100)));
    assert_eq!(backlog.waiting(), 3);
    backlog.acknowledged(0, 60, 1);
    assert_eq!(next(&backlog), Some((1, head, head + 100)));
    backlog.grow(0, 10, 1);
    assert_eq!(next(&backlog), Some((0, head + 100, head + 110)));
}

#[test]
fn what_the_disk_has_damaged_does_not_wait_for_ever_and_is_kept() {
    let (folder, backlog) = filled(Duration::ZERO);
    fs::write(folder.path().join("0"), "whole").unwrap();
    backlog.acknowledged(0, 40, 1);
    backlog.damaged(0, 60);
    assert_eq!(backlog.waiting(), 2);
    backlog.close(0);
    backlog.remove_gone();
    assert!(!folder.path().join("0").exists());
    assert_eq!(fs::read(folder.path().join("0.damaged")).unwrap(), b"whole");
}

#[test]
fn what_is_given_up_waits_no_more_and_keeps_its_file() {
    let (folder, backlog) = filled(Duration::ZERO);
    backlog.acknowledged(0, 40, 1);
    backlog.give_up(0, "unreadable");
    assert_eq!(backlog.waiting(), 2);
    assert_eq!(backlog.next().map(|next| next.number), Some(1));
    backlog.remove_gone();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn nothing_is_removed_that_is_written_or_waits() {
    let (folder, backlog) = filled(Duration::ZERO);
    backlog.acknowledged(0, 100, 2);
    backlog.remove_gone();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(backlog.to_be_closed(), Some(0));
    backlog.close(0);
    backlog.close(1);
    backlog.remove_gone();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(backlog.to_be_closed(), None);
    assert_eq!(backlog.waiting(), 2);
}

#[test]
fn what_is_kept_for_safety_makes_room_and_can_be_sent_again() {
    let (folder, backlog) = filled(Duration::from_mins(5));
    backlog.acknowledged(0, 100, 2);
    backlog.close(0);
    backlog.remove_gone();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    backlog.send_again();
    assert_eq!(backlog.waiting(), 4);
    let next = backlog.next().unwrap();
    assert_eq!((next.from, next.known_to), (SEGMENT_HEAD_BYTES, SEGMENT_HEAD_BYTES + 100));
    let full = 2 * (SEGMENT_HEAD_BYTES + 100);
    assert!(backlog.make_room(0, full));
    assert!(!backlog.make_room(1, full), "all of it waits");
    backlog.acknowledged(0, 100, 2);
    assert!(backlog.make_room(1, full));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
