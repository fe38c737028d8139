//! Who is not let in, and what that costs the server.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::process::{Desk, Program, Server, flowlab};

/// Five steps, enough to see that a server works.
pub fn short(device: &str) -> Vec<&str> {
    vec![
        "train", "toy", "--hidden", "16", "--batch", "64", "--steps", "5", "--device", device,
    ]
}

/// The server still trains for who has the token, with hardly more memory than `before`, in bytes.
pub fn serves_on(desk: &Desk, mut server: Server, before: u64) {
    desk.client(&short(&server.device)).works();
    assert!(server.program.is_running());
    let after = server.program.memory();
    eprintln!("memory before {before} B, after {after} B");
    assert!(after < before + (32 << 20), "{before} then {after}");
}

/// How long the server takes to close the connection.
fn closed_after(mut stream: TcpStream) -> Duration {
    let since = Instant::now();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut room = [0; 4096];
    loop {
        match stream.read(&mut room) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("not closed: {error}"),
        }
    }
    since.elapsed()
}

#[test]
fn without_the_token_nobody_trains() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    let mut wrong = flowlab(&short(&server.device));
    wrong.env("FLOWLAB_TOKEN", "another-token-of-tests");
    let (time, text) = Program::start(wrong).fails();
    assert!(text.contains("the server refuses: the token"), "{text}");
    assert!(time < Duration::from_secs(20), "{time:?}");
    let (_, text) = Program::start(flowlab(&short(&server.device))).fails();
    assert!(
        text.contains("no token") && text.contains("--token-file"),
        "{text}"
    );
    // Neither costs the right one anything; the environment is as good as a file.
    let mut right = flowlab(&short(&server.device));
    right.env("FLOWLAB_TOKEN", "a-token-of-the-tests");
    Program::start(right).works();
    desk.client(&short(&server.device)).works();
}

#[test]
fn all_places_taken_is_told() {
    let desk = Desk::new();
    let server = Server::start(&desk, &["--clients", "1"]);
    let mut first = desk.client(&[
        "train",
        "toy",
        "--hidden",
        "16",
        "--batch",
        "64",
        "--steps",
        "1000000",
        "--device",
        &server.device,
    ]);
    first.wait_for(|line| line.starts_with("step ").then_some(()));
    let (_, text) = desk.client(&short(&server.device)).fails();
    assert!(text.contains("places are taken"), "{text}");
    assert!(first.is_running());
}

#[test]
fn noise_and_silence_are_dropped_in_bounded_time_and_memory() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    desk.client(&short(&server.device)).works();
    let before = server.program.memory();
    let connect = || TcpStream::connect(&server.place).unwrap();
    let silent = connect();
    // An upgrade that stops in the middle.
    let mut slow = connect();
    slow.write_all(b"GET /session HTTP/1.1\r\nHost: x\r\nUpgra")
        .unwrap();
    // A WebSocket that then says nothing.
    let mut upgraded = connect();
    upgraded
        .write_all(
            b"GET /session HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .unwrap();
    for round in 0..100 {
        let mut noise = connect();
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i * 31 + round) as u8).collect();
        // The server may close in the middle of it.
        let _ = noise.write_all(&bytes);
        assert!(closed_after(noise) < Duration::from_secs(15));
    }
    // A frame that claims to be a gigabyte, after a right upgrade.
    let mut huge = connect();
    huge.write_all(
        b"GET /session HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    .unwrap();
    huge.write_all(&[0x82, 0xff, 0, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff, 1, 2, 3, 4])
        .unwrap();
    let _ = huge.write_all(&[0; 100_000]);
    for stream in [silent, slow, upgraded, huge] {
        assert!(closed_after(stream) < Duration::from_secs(15));
    }
    serves_on(&desk, server, before);
}

#[test]
fn who_is_silent_at_the_door_keeps_nobody_out() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]);
    let _silent: Vec<_> = (0..20)
        .map(|_| TcpStream::connect(&server.place).unwrap())
        .collect();
    desk.client(&short(&server.device)).works();
}
