//! Links that break.

use std::net::TcpListener;
use std::time::Duration;

use flowlab::train::checkpoint::load_state;

use super::process::{Desk, Server, column, endless};

#[test]
fn a_run_outlives_its_server() {
    outlives("ws://", Server::bound);
}

#[test]
fn a_run_outlives_an_encrypted_server() {
    outlives("iroh://", Server::encrypted);
}

fn outlives(scheme: &str, start: fn(&Desk, &str, &[&str]) -> Server) {
    let desk = Desk::new();
    let server = start(&desk, "127.0.0.1:0", &[]);
    let place = server.place.clone();
    let run = desk.at("run");
    let out = run.to_str().unwrap();
    let verb = endless(&server.device);
    let mut client = desk.client(&[&verb[..], &["--out", out]].concat());
    // The second such line comes five seconds after the first: states were kept by then.
    let step = |line: &str| line.starts_with("step ").then_some(());
    client.wait_for(step);
    client.wait_for(step);
    drop(server);
    let (time, text) = client.fails();
    assert!(time < Duration::from_secs(60), "{time:?}");
    assert!(
        text.contains(&format!("the link to {scheme}")) && text.contains("ended"),
        "{text}"
    );
    assert!(text.contains("--device cpu"), "{text}");
    let (_, saved, state) = load_state(&run).unwrap();
    assert!(saved > 0 && state.is_finite(), "{saved}");
    assert_eq!(column(&run.join("log.csv"), "step").len() as u64, saved);

    // A new server at the same place; then here.
    let server = start(&desk, &place, &[]);
    let further = (saved + 50).to_string();
    desk.client(&[
        "train",
        "toy",
        "--resume",
        out,
        "--steps",
        &further,
        "--device",
        &server.device,
    ])
    .works();
    assert_eq!(load_state(&run).unwrap().1, saved + 50);
    drop(server);
    let further = (saved + 60).to_string();
    desk.client(&[
        "train", "toy", "--resume", out, "--steps", &further, "--device", "cpu",
    ])
    .works();
    assert_eq!(load_state(&run).unwrap().1, saved + 60);
    let steps = column(&run.join("log.csv"), "step");
    let wanted: Vec<f64> = (1..=saved + 60).map(|step| step as f64).collect();
    assert_eq!(steps, wanted);
}

#[test]
fn a_server_that_is_none_is_told_in_bounded_time() {
    let desk = Desk::new();
    let try_out = |place: &str| {
        let device = format!("remote:ws://{place}");
        let client = desk.client(&["train", "toy", "--steps", "5", "--device", &device]);
        let (time, text) = client.fails();
        assert!(time < Duration::from_secs(30), "{place}: {time:?}");
        assert!(text.contains(&format!("--device {device}: ")), "{text}");
        text
    };
    // Nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap().to_string();
    drop(listener);
    assert!(try_out(&free).contains("does not answer"));
    // One listens and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = try_out(&silent.local_addr().unwrap().to_string());
    assert!(text.contains("no flowlab server"), "{text}");
    // There is no such name.
    assert!(try_out("no-such-host.invalid:7117").contains("does not answer"));
}
