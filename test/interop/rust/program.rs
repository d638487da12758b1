//! What every client program of this folder does besides using its client.

use serde_json::{Value, json};
use std::fmt::Debug;
use std::io::stdin;

/// Of bodies that must arrive whole: none, one byte, just one frame, just two, many.
pub const BODY_SIZES: [usize; 5] = [0, 1, 131_064, 131_065, 1_000_000];

pub fn body_of(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index * 7 + size) as u8).collect()
}

pub fn url() -> String {
    std::env::var("AMQP_URL").expect("AMQP_URL")
}

pub fn passed(check: &str, mut details: Value) {
    details["check"] = json!(check);
    println!("{details}");
}

/// Returns when the test has done it; the client goes on meanwhile.
pub async fn ask(what: &str) {
    println!("{}", json!({ "ask": what }));
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await.expect("a thread").expect("an answer");
    expect(answer.as_str(), "done\n", "the answer");
}

#[track_caller]
pub fn expect<T: PartialEq + Debug>(actual: T, wanted: T, what: &str) {
    assert!(actual == wanted, "{what}: {actual:?} instead of {wanted:?}");
}
