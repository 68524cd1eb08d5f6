//! Every input that the fuzzer has kept, once more.

use std::path::Path;

fn replay(target: &str, least: usize, run: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("a corpus").path();
        // Shown when it fails.
        println!("{}", path.display());
        run(&std::fs::read(&path).expect("an input"));
        inputs += 1;
    }
    assert!(inputs >= least, "{inputs} inputs of {target}");
}

#[test]
fn operations_answer_like_a_plain_map() {
    replay("operations", 100, threadmap_fuzz::operations);
}

#[test]
fn keys_are_what_they_were_made_of() {
    replay("keys", 20, threadmap_fuzz::keys);
}
