//! Frozen files: every kind survives, and nothing that happens to a file gives a crash or a wrong value.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::scratch::Scratch;
use super::{Made, options_of};
use crate::frozen::format::{self, HEADER, Header};
use crate::frozen::reader::FrozenMap;
use crate::{BlobKind, Entry, Error, Freezer, Key, KeyKind, Map, Options, Participant, Value};

/// Bytes that a key or a value of that kind may have, one form with few and one with many.
fn bytes_of(kind: u8, is_key: bool) -> Vec<Vec<u8>> {
    let (bigint, utf16, tuple) = if is_key { (4, 6, 8) } else { (2, 1, 255) };
    match kind {
        _ if kind == bigint => vec![[1; 9].to_vec(), [7; 129].to_vec()],
        _ if kind == utf16 || (!is_key && kind == 7) => vec![vec![1, 2], vec![3; 600]],
        _ if kind == tuple => {
            let mut encoded = Vec::new();
            for part in [
                Key::latin1(b"sku"),
                Key::number(1.5),
                Key::undefined(),
                Key::utf16(&[0, 0xd8]),
            ] {
                Key::push_tuple(&mut encoded, &part);
            }
            vec![Vec::new(), encoded]
        }
        _ => vec![
            Vec::new(),
            b"x".to_vec(),
            b"12345678".to_vec(),
            vec![9; 5_000],
        ],
    }
}

type OwnedKey = (KeyKind, bool, Vec<u8>);

fn keys() -> Vec<OwnedKey> {
    let scalars = [
        Key::undefined(),
        Key::null(),
        Key::boolean(false),
        Key::boolean(true),
        Key::number(0.0),
        Key::number(f64::NAN),
        Key::number(-1.5),
        Key::int(0),
        Key::int(i64::MIN),
    ];
    let own = |key: &Key<'_>| (key.kind(), key.is_buffer(), key.as_bytes().to_vec());
    let mut keys: Vec<OwnedKey> = scalars.iter().map(own).collect();
    for kind in [
        KeyKind::BigInt,
        KeyKind::Latin1,
        KeyKind::Utf16,
        KeyKind::Bytes,
        KeyKind::Tuple,
    ] {
        keys.extend(
            bytes_of(kind as u8, true)
                .into_iter()
                .map(|bytes| (kind, false, bytes)),
        );
    }
    keys.push((KeyKind::Bytes, true, b"given as a Buffer".to_vec()));
    keys
}

fn key((kind, buffer, bytes): &OwnedKey) -> Key<'_> {
    Key::from_parts(*kind, *buffer, bytes)
}

/// What a value is, to the last bit.
fn print(value: &Value<'_>) -> String {
    match value {
        Value::Number(number) => format!("number {:016x}", number.to_bits()),
        other => format!("{other:?}"),
    }
}

fn frozen(map: &Map) -> (Scratch, FrozenMap) {
    let scratch = Scratch::new();
    scratch.freeze(map, "map");
    let frozen = FrozenMap::open(&scratch.path("map"), true).expect("a frozen map");
    (scratch, frozen)
}

fn scan_all(frozen: &FrozenMap, chunk: usize) -> Result<BTreeMap<String, String>, Error> {
    let (mut found, mut from) = (BTreeMap::new(), Some(0));
    while let Some(cursor) = from {
        let mut entries: Vec<Entry<'_>> = Vec::new();
        from = frozen.scan(cursor, chunk, &mut entries)?;
        for Entry { key, value } in entries {
            let name = format!("{:?} {} {:?}", key.kind(), key.is_buffer(), key.as_bytes());
            assert!(
                found.insert(name, print(&value)).is_none(),
                "a key came twice"
            );
        }
    }
    Ok(found)
}

#[test]
fn every_kind_of_key_and_value_survives() {
    let values = [
        Value::Undefined,
        Value::Null,
        Value::Boolean(false),
        Value::Boolean(true),
        Value::Number(-0.0),
        Value::Number(f64::NAN),
        Value::Number(5e-324),
        Value::Int(i64::MAX),
        Value::Int(-1),
    ];
    let blobs: Vec<(BlobKind, Vec<u8>)> = BlobKind::ALL
        .iter()
        .flat_map(|&kind| {
            bytes_of(kind as u8, false)
                .into_iter()
                .map(move |bytes| (kind, bytes))
        })
        .collect();
    let blobs = blobs.iter().map(|(kind, bytes)| Value::Blob(*kind, bytes));
    for value in values.into_iter().chain(blobs) {
        let (map, me) = (Map::new(Options::default()), Participant::new());
        for owned in &keys() {
            map.swap(&key(owned), &value, &me.pin()).expect("memory");
        }
        let (_scratch, frozen) = frozen(&map);
        assert_eq!(frozen.len(), keys().len() as u64);
        for owned in &keys() {
            let found = frozen.get(&key(owned)).expect("no damage").expect("there");
            assert_eq!(print(&found), print(&value), "{owned:?}");
            assert_eq!(frozen.contains(&key(owned)), Ok(true));
        }
        let wanted: BTreeMap<String, String> = keys()
            .iter()
            .map(|(kind, buffer, bytes)| (format!("{kind:?} {buffer} {bytes:?}"), print(&value)))
            .collect();
        assert_eq!(scan_all(&frozen, 3), Ok(wanted));
    }
}

#[test]
fn many_entries_are_all_found_and_no_others() {
    for count in [0, 1, 4, 5, 6, 35, 20_000_i64] {
        let (map, me) = (Map::new(Options::default()), Participant::new());
        for i in 0..count {
            map.swap(&Key::int(i), &Value::Int(-i), &me.pin())
                .expect("memory");
        }
        let (_scratch, frozen) = frozen(&map);
        assert_eq!(
            (frozen.len(), frozen.is_empty()),
            (count as u64, count == 0)
        );
        for i in 0..count {
            let found = frozen.get(&Key::int(i)).expect("no damage");
            assert!(
                found.is_some_and(|value| value.same(&Value::Int(-i))),
                "{i}"
            );
        }
        for i in count..count + 5_000 {
            assert_eq!(frozen.contains(&Key::int(i)), Ok(false));
            assert_eq!(frozen.contains(&Key::number(i as f64)), Ok(false));
        }
        assert_eq!(
            scan_all(&frozen, 1000).expect("no damage").len(),
            count as usize
        );
    }
}

/// A file of a few entries of different kinds, and what is in it.
fn small() -> (Scratch, Vec<u8>, BTreeMap<String, String>) {
    let (map, me) = (Map::new(Options::default()), Participant::new());
    for (i, owned) in keys().iter().filter(|key| key.2.len() < 200).enumerate() {
        let text = [b'v'; 40];
        let value = if i % 2 == 0 {
            Value::Number(i as f64)
        } else {
            Value::Blob(BlobKind::Latin1, &text[..i])
        };
        map.swap(&key(owned), &value, &me.pin()).expect("memory");
    }
    let (scratch, frozen) = frozen(&map);
    let content = scan_all(&frozen, 100).expect("no damage");
    let bytes = fs::read(scratch.path("map")).expect("the file");
    (scratch, bytes, content)
}

/// The file at a path, of which single bytes can be changed in place.
struct Patient(fs::File);

impl Patient {
    fn new(path: &Path, bytes: &[u8]) -> Self {
        fs::write(path, bytes).expect("room");
        Self(OpenOptions::new().write(true).open(path).expect("the file"))
    }

    fn put(&mut self, at: usize, byte: u8) {
        self.0.seek(SeekFrom::Start(at as u64)).expect("a place");
        self.0.write_all(&[byte]).expect("room");
    }
}

fn is_corrupt<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Corrupt { .. }))
}

#[test]
fn a_file_cut_at_any_byte_is_refused() {
    let (scratch, bytes, _) = small();
    let path = scratch.path("cut");
    fs::write(&path, &bytes).expect("room");
    let file = OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("the file");
    for length in (0..bytes.len()).rev() {
        file.set_len(length as u64).expect("shorter");
        assert!(is_corrupt(&FrozenMap::open_unread(&path)), "at {length}");
        assert!(is_corrupt(&FrozenMap::open(&path, false)), "at {length}");
    }
}

#[test]
fn a_longer_file_is_refused() {
    let (scratch, mut bytes, _) = small();
    for more in [1, 63, 64, 4096] {
        bytes.extend(vec![0; more]);
        let path = scratch.path("long");
        fs::write(&path, &bytes).expect("room");
        assert!(is_corrupt(&FrozenMap::open_unread(&path)), "by {more}");
        assert!(is_corrupt(&FrozenMap::open(&path, false)), "by {more}");
    }
}

/// Everything that can be asked of a file whose content was `content`: each answer is right or the error.
fn never_wrong(frozen: &FrozenMap, content: &BTreeMap<String, String>) -> bool {
    let mut damaged = false;
    for owned in &keys() {
        let wanted = content.get(&format!("{:?} {} {:?}", owned.0, owned.1, owned.2));
        match frozen.get(&key(owned)) {
            Ok(found) => assert_eq!(found.as_ref().map(print).as_ref(), wanted),
            Err(error) => {
                assert!(is_corrupt(&Err::<(), _>(error)), "{error:?}");
                damaged = true;
            }
        }
    }
    match scan_all(frozen, 2) {
        Ok(found) => assert_eq!(&found, content),
        Err(error) => {
            assert!(is_corrupt(&Err::<(), _>(error)), "{error:?}");
            damaged = true;
        }
    }
    damaged
}

#[test]
fn every_flipped_bit_is_noticed_at_opening_where_files_are_checked_whole() {
    let (scratch, bytes, _) = small();
    let path = scratch.path("flipped");
    let mut patient = Patient::new(&path, &bytes);
    for bit in
        (0..bytes.len() * 8).filter(|bit| bit / 8 < 200 || bit / 8 > HEADER - 16 || bit % 7 == 0)
    {
        let (at, flip) = (bit / 8, 1 << (bit % 8));
        patient.put(at, bytes[at] ^ flip);
        assert!(is_corrupt(&FrozenMap::open(&path, false)), "bit {bit}");
        patient.put(at, bytes[at]);
    }
}

#[test]
fn a_flipped_bit_in_a_large_file_is_noticed_where_it_is_read() {
    let (scratch, bytes, content) = small();
    let path = scratch.path("flipped");
    let mut patient = Patient::new(&path, &bytes);
    let mut noticed = 0;
    for bit in (HEADER * 8..bytes.len() * 8).filter(|bit| bit % 3 == 0) {
        let (at, flip) = (bit / 8, 1 << (bit % 8));
        patient.put(at, bytes[at] ^ flip);
        let frozen = FrozenMap::open_unread(&path).expect("its header is whole");
        noticed += usize::from(never_wrong(&frozen, &content));
        patient.put(at, bytes[at]);
    }
    // All but those in buckets where nothing belongs, and in the gap before the index.
    assert!(noticed > (bytes.len() - HEADER) * 8 / 3 / 2, "{noticed}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..9_000), as_ours in any::<bool>()) {
        let (scratch, mut bytes) = (Scratch::new(), bytes);
        if as_ours && bytes.len() >= 16 {
            bytes[..8].copy_from_slice(&format::MAGIC);
            bytes[8..16].copy_from_slice(&[1, 0, 0, 0, 0, 16, 0, 0]);
        }
        fs::write(scratch.path("any"), &bytes).expect("room");
        prop_assert!(is_corrupt(&FrozenMap::open(&scratch.path("any"), false)));
        prop_assert!(is_corrupt(&FrozenMap::open_unread(&scratch.path("any"))));
    }

    /// Whoever can write the file can make its checksums right; it must still not crash the reader.
    #[test]
    fn a_forged_file_crashes_nothing(
        mut body in proptest::collection::vec(any::<u8>(), 0..600),
        lengths in proptest::collection::vec((0_u32..40, any::<u8>(), 0_u32..40), 1..8),
        buckets in 1_u64..6,
        slots in proptest::collection::vec(0_u64..200, 42),
        longest_run in 1_u32..6,
    ) {
        // Entries of any kinds with right lengths and checksums, as far as the bytes go.
        body.resize(body.len() / 8 * 8, 0);
        let (id, mut at) = (77, 0);
        for (key, kinds, value) in lengths {
            let end = at + (16 + key + value).next_multiple_of(8) as usize;
            if end > body.len() {
                break;
            }
            body[at + 8..at + 12].copy_from_slice(&(key | u32::from(kinds) << 24).to_le_bytes());
            body[at + 12..at + 16].copy_from_slice(&value.to_le_bytes());
            let sum = xxh3_64_with_seed(&body[at + 8..end], id ^ (HEADER + at) as u64);
            body[at..at + 8].copy_from_slice(&sum.to_le_bytes());
            at = end;
        }
        let header = Header {
            id,
            hash_seed: 1,
            entries: 5,
            data_end: (HEADER + body.len()) as u64,
            buckets,
            body: 0,
            longest_run,
            codec: String::new(),
        };
        let mut bytes = vec![0; HEADER];
        bytes.extend(&body);
        bytes.resize(header.index() as usize, 0);
        for number in 0..buckets {
            let words = &slots[number as usize * 7..][..7];
            // Some point to entries, with the fingerprints of keys that are asked for.
            let places: Vec<u8> = words
                .iter()
                .map(|word| format::slot(HEADER as u64 + word * 8, header.hash(&Key::int((word % 3) as i64))))
                .flat_map(u64::to_le_bytes)
                .collect();
            bytes.extend(header.check_word(number, &places, true).to_le_bytes());
            bytes.extend(places);
        }
        bytes[..HEADER].copy_from_slice(&header.encode());
        let scratch = Scratch::new();
        fs::write(scratch.path("forged"), &bytes).expect("room");
        if let Ok(frozen) = FrozenMap::open_unread(&scratch.path("forged")) {
            for i in 0..3 {
                let _ = frozen.get(&Key::int(i));
            }
            let mut entries = Vec::new();
            let _ = frozen.scan(0, 100, &mut entries);
            for entry in entries {
                assert!(entry.key.elements().count() < 100);
            }
        }
    }
}

#[test]
fn an_entry_that_no_writer_makes_is_refused_though_its_checksum_is_right() {
    let at = HEADER as u64;
    let read = |key: &Key<'_>, value: &Value<'_>| {
        let mut file = vec![0; HEADER];
        format::push_entry(&mut file, 1, at, key, value).expect("room");
        let end = file.len() as u64;
        format::entry(&file, 1, end, at).map(|stored| stored.end == end)
    };
    let (key, value) = (Key::int(1), Value::Null);
    assert_eq!(read(&key, &value), Ok(true));
    let bad_keys: [(KeyKind, &[u8]); 11] = [
        (KeyKind::Undefined, b"x"),
        (KeyKind::Boolean, b"\x02"),
        (KeyKind::Number, b"1234567"),
        (KeyKind::BigInt, b"1234"),
        (KeyKind::BigInt, b"1"),
        (KeyKind::Utf16, b"odd"),
        (KeyKind::Tuple, b"\x05"),
        // Elements: of no kind, a tuple, cut short, no key of its kind.
        (KeyKind::Tuple, b"\xc8\0\0\0\0"),
        (KeyKind::Tuple, b"\x08\0\0\0\0"),
        (KeyKind::Tuple, b"\x05\x02\0\0\0a"),
        (KeyKind::Tuple, b"\x03\x01\0\0\0a"),
    ];
    for (kind, bytes) in bad_keys {
        let key = Key::from_parts(kind, false, bytes);
        assert!(is_corrupt(&read(&key, &value)), "{kind:?} {bytes:?}");
    }
    for (kind, bytes) in [
        (BlobKind::BigInt, &b"12345678"[..]),
        (BlobKind::BigInt, b"1"),
        (BlobKind::Utf16, b"odd"),
        (BlobKind::EncodedUtf16, b"odd"),
    ] {
        let value = Value::Blob(kind, bytes);
        assert!(is_corrupt(&read(&key, &value)), "{kind:?} {bytes:?}");
    }
}

fn of_one(value: i64) -> Map {
    let (map, me) = (Map::new(Options::default()), Participant::new());
    for key in 0..3_000 {
        map.swap(&Key::int(key), &Value::Int(value), &me.pin())
            .expect("memory");
    }
    map
}

fn holds(path: &Path, value: i64) -> bool {
    let frozen = FrozenMap::open(path, true).expect("whole");
    let found = frozen
        .get(&Key::int(2_999))
        .expect("no damage")
        .expect("there");
    found.same(&Value::Int(value))
}

#[test]
fn a_crash_at_any_step_leaves_the_old_file_or_the_new_one() {
    /// Freezers that never end, but stay within sight of a leak checker.
    static CRASHED: Mutex<Vec<Freezer>> = Mutex::new(Vec::new());
    let me = Participant::new();
    let mut crashed_at = 0;
    loop {
        let scratch = Scratch::new();
        let path = scratch.path("map");
        scratch.freeze(&of_one(1), "map");
        let mut freezer = Freezer::new(&path, "clone").expect("a file");
        let map = of_one(2);
        let mut done = false;
        for _ in 0..crashed_at {
            freezer.take(&map, &me.pin()).expect("no damage");
            done = freezer.step().expect("room");
        }
        let renamed = scratch.files() == ["map"];
        assert!(
            holds(&path, if renamed { 2 } else { 1 }),
            "after {crashed_at} steps"
        );
        // What a process leaves that dies here, and then what a writer leaves that is dropped.
        if crashed_at % 2 == 0 {
            CRASHED.lock().expect("no panic").push(freezer);
            assert_eq!(scratch.files().len(), if renamed { 1 } else { 2 });
        } else {
            drop(freezer);
            assert_eq!(scratch.files(), ["map"]);
        }
        assert!(
            holds(&path, if renamed { 2 } else { 1 }),
            "after {crashed_at} steps"
        );
        if done {
            assert!(
                crashed_at > 6,
                "entries, index, buckets, header, name, folder"
            );
            return;
        }
        crashed_at += 1;
    }
}

#[test]
fn a_frozen_snapshot_is_of_one_moment() {
    let me = Participant::new();
    let map = Map::new(options_of(Made::Snapshot, u32::MAX));
    for key in 0..3_000 {
        map.swap(&Key::int(key), &Value::Int(1), &me.pin())
            .expect("memory");
    }
    let snapshot = map.hold(&me.pin()).expect("a snapshot");
    let scratch = Scratch::new();
    let mut freezer = Freezer::new(&scratch.path("map"), "clone").expect("a file");
    let mut key = 0;
    while !freezer.step().expect("room") {
        freezer.take(&snapshot, &me.pin()).expect("no damage");
        // What is written between two steps is not of that moment.
        for _ in 0..1_000 {
            map.swap(&Key::int(key), &Value::Int(2), &me.pin())
                .expect("memory");
            key += 1;
        }
    }
    let frozen = FrozenMap::open(&scratch.path("map"), true).expect("whole");
    assert_eq!(frozen.len(), 3_000);
    let found = scan_all(&frozen, 100).expect("no damage");
    assert!(found.values().all(|value| *value == print(&Value::Int(1))));
}

#[test]
fn a_replaced_file_goes_on_under_its_readers() {
    let scratch = Scratch::new();
    scratch.freeze(&of_one(1), "map");
    let old = FrozenMap::open(&scratch.path("map"), false).expect("whole");
    scratch.freeze(&of_one(2), "map");
    let found = old.get(&Key::int(7)).expect("no damage").expect("there");
    assert!(found.same(&Value::Int(1)));
    assert!(holds(&scratch.path("map"), 2));
    old.verify().expect("whole");
}

#[cfg(unix)]
#[test]
fn a_file_shortened_under_its_readers_is_refused_without_a_signal() {
    let scratch = Scratch::new();
    scratch.freeze(&of_one(1), "map");
    let path = scratch.path("map");
    let whole = FrozenMap::open(&path, false).expect("whole");
    let other = {
        scratch.freeze(&of_one(2), "other");
        FrozenMap::open(&scratch.path("other"), false).expect("whole")
    };
    let file = OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("the file");
    for length in [whole.file_bytes() - 5_000, HEADER as u64 + 100, 0] {
        file.set_len(length).expect("shorter");
        let mut refused = 0;
        for i in 0..3_000 {
            match whole.get(&Key::int(i)) {
                Ok(Some(value)) => assert!(value.same(&Value::Int(1)), "{i}"),
                Ok(None) => panic!("{i} is there"),
                Err(error) => {
                    assert!(is_corrupt(&Err::<(), _>(error)));
                    refused += 1;
                }
            }
        }
        assert!(refused > 0, "at {length}");
        assert!(is_corrupt(&whole.check_whole()), "and it stays refused");
        assert!(is_corrupt(&whole.verify()));
    }
    // No other mapping is touched.
    other.verify().expect("whole");
}

#[cfg(unix)]
#[test]
fn of_many_open_files_each_is_watched() {
    let scratch = Scratch::new();
    scratch.freeze(&of_one(1), "map");
    let path = |i: usize| scratch.path(&format!("map {i}"));
    let mut open: Vec<FrozenMap> = Vec::new();
    for i in 0..200 {
        fs::copy(scratch.path("map"), path(i)).expect("room");
        open.push(FrozenMap::open(&path(i), false).expect("whole"));
        // Some are closed again, so that their places are taken anew.
        if i % 3 == 0 {
            open.swap_remove(i / 2);
        }
    }
    drop(open.drain(50..60));
    for i in 0..200 {
        let file = OpenOptions::new().write(true).open(path(i));
        file.and_then(|file| file.set_len(100)).expect("shorter");
    }
    for frozen in &open {
        assert!(is_corrupt(&frozen.verify()));
    }
}

#[test]
fn a_file_overwritten_in_place_never_gives_a_value_of_the_other() {
    let scratch = Scratch::new();
    scratch.freeze(&of_one(1), "map");
    scratch.freeze(&of_one(2), "other");
    let whole = FrozenMap::open(&scratch.path("map"), false).expect("whole");
    let other = fs::read(scratch.path("other")).expect("the file");
    fs::write(scratch.path("map"), other).expect("room");
    for i in 0..3_000 {
        match whole.get(&Key::int(i)) {
            Ok(Some(value)) => assert!(value.same(&Value::Int(1)), "{i}"),
            Ok(None) => panic!("{i} is there"),
            Err(error) => assert!(is_corrupt(&Err::<(), _>(error))),
        }
    }
}

#[test]
fn what_is_no_file_is_an_error_of_the_system() {
    let scratch = Scratch::new();
    let open = |name: &str| FrozenMap::open(&scratch.path(name), false).map(drop);
    let kind = |result| match result {
        Err(Error::File { kind, .. }) => kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(open("missing")), std::io::ErrorKind::NotFound);
    assert_eq!(open("."), Err(Error::NoRegularFile));
    let freeze = |name: &str| Freezer::new(&scratch.path(name), "clone").map(drop);
    assert_eq!(
        kind(freeze("no such folder/map")),
        std::io::ErrorKind::NotFound
    );
    assert_eq!(freeze("."), Err(Error::NoRegularFile));
    let codec = "c".repeat(1025);
    assert!(matches!(
        Freezer::new(&scratch.path("map"), &codec),
        Err(Error::CodecTooLong {
            got: 1025,
            limit: 1024
        })
    ));
    assert!(scratch.files().is_empty());
}

#[test]
fn the_codec_is_in_the_file() {
    let (scratch, me, map) = (Scratch::new(), Participant::new(), of_one(1));
    let codec = "ü".repeat(512);
    let mut freezer = Freezer::new(&scratch.path("map"), &codec).expect("a file");
    while !freezer.step().expect("room") {
        freezer.take(&map, &me.pin()).expect("no damage");
    }
    let frozen = FrozenMap::open(&scratch.path("map"), true).expect("whole");
    assert_eq!(frozen.codec(), codec);
}

#[test]
fn the_golden_file_is_read_as_it_was_written() {
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../__test__/fixtures/frozen-v1.tmf");
    let frozen = FrozenMap::open(&golden, true).expect("the format is for ever");
    assert_eq!(frozen.codec(), "json");
    let get = |key: &Key<'_>| print(&frozen.get(key).expect("no damage").expect("there"));
    assert_eq!(
        get(&Key::latin1(b"text")),
        print(&Value::Blob(BlobKind::Latin1, b"caf\xe9"))
    );
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let emoji = [&utf16("\u{1f600} and a lone ")[..], &[0x00, 0xd8]].concat();
    assert_eq!(
        get(&Key::utf16(&utf16("wide \u{4e2d}"))),
        print(&Value::Blob(BlobKind::Utf16, &emoji))
    );
    assert_eq!(get(&Key::number(f64::NAN)), print(&Value::Number(-0.0)));
    assert_eq!(get(&Key::int(-7)), print(&Value::Int(i64::MAX)));
    assert_eq!(
        get(&Key::latin1(b"object")),
        print(&Value::Blob(BlobKind::EncodedLatin1, b"{\"a\":[1,2]}"))
    );
}
