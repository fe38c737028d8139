//! Encrypted connections: the same training, and the same strangers.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use burn::server::BURN_REMOTE_ALPN;
use iroh::endpoint::{Connection, presets};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::process::{Desk, Program, Server, endless, flowlab};
use super::strangers::{serves_on, short};
use super::training::losses;

fn start(desk: &Desk, more: &[&str]) -> Server {
    Server::encrypted(desk, "127.0.0.1:0", more)
}

/// The key in what clients give to `--device`.
fn key(server: &Server) -> &str {
    let (key, _) = server.device.split_once('@').unwrap();
    key.strip_prefix("remote:iroh://").unwrap()
}

#[test]
fn a_training_has_the_losses_it_has_over_a_plain_connection() {
    let desk = Desk::new();
    let servers = [start(&desk, &[]), Server::start(&desk, &[])];
    let verb = [
        "train", "toy", "--hidden", "32", "--batch", "256", "--steps", "200",
    ];
    let name = ["encrypted", "plain"];
    let [encrypted, plain] = [0, 1].map(|i| losses(&desk, name[i], &verb, &servers[i].device));
    assert_eq!(encrypted.len(), 200);
    assert_eq!(encrypted, plain);
    // It did learn.
    assert!(plain[199] < plain[0], "{} {}", plain[0], plain[199]);
}

#[test]
fn a_server_keeps_its_key_to_itself() {
    let desk = Desk::new();
    let server = start(&desk, &[]);
    let first = key(&server).to_owned();
    drop(server);
    assert_eq!(key(&start(&desk, &[])), first);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(desk.at("identity"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    std::fs::write(desk.at("identity"), "too short").unwrap();
    let file = desk.at("identity");
    let (_, text) = desk
        .client(&[
            "serve",
            "--device",
            "cpu",
            "--identity-file",
            file.to_str().unwrap(),
        ])
        .fails();
    assert!(
        text.contains("--identity-file") && text.contains("32-byte"),
        "{text}"
    );
}

#[test]
fn without_the_token_nobody_trains() {
    let desk = Desk::new();
    let server = start(&desk, &[]);
    let mut wrong = flowlab(&short(&server.device));
    wrong.env("FLOWLAB_TOKEN", "another-token-of-tests");
    let (time, text) = Program::start(wrong).fails();
    assert!(text.contains("the server refuses: the token"), "{text}");
    assert!(time < Duration::from_secs(20), "{time:?}");
    desk.client(&short(&server.device)).works();
}

#[test]
fn another_server_at_the_place_is_not_trusted() {
    let desk = Desk::new();
    let server = start(&desk, &[]);
    let other = Desk::new();
    let posing = start(&other, &[]);
    let device = format!("remote:iroh://{}@{}", key(&server), posing.place);
    let (time, text) = desk.client(&short(&device)).fails();
    assert!(text.contains("another key"), "{text}");
    assert!(time < Duration::from_secs(30), "{time:?}");
    // One that says nothing, and a plain one.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let plain = Server::start(&desk, &[]);
    for place in [
        silent.local_addr().unwrap().to_string(),
        plain.place.clone(),
    ] {
        let device = format!("remote:iroh://{}@{place}", key(&server));
        let (time, text) = desk.client(&short(&device)).fails();
        assert!(text.contains("does not answer"), "{text}");
        assert!(time < Duration::from_secs(30), "{time:?}");
    }
}

#[test]
fn a_place_is_free_again_when_its_client_is_gone() {
    let desk = Desk::new();
    let server = start(&desk, &["--clients", "1"]);
    let mut first = desk.client(&endless(&server.device));
    first.wait_for(|line| line.starts_with("step ").then_some(()));
    let (_, text) = desk.client(&short(&server.device)).fails();
    assert!(text.contains("places are taken"), "{text}");
    assert!(first.is_running());
    // It does not say goodbye: the server notices the silence.
    drop(first);
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let (success, _, text) = desk.client(&short(&server.device)).end();
        if success {
            break;
        }
        assert!(Instant::now() < until, "{text}");
    }
    // These say it.
    desk.client(&short(&server.device)).works();
    desk.client(&short(&server.device)).works();
}

/// A connection of somebody without the token.
async fn connect(endpoint: &Endpoint, server: &Server) -> Connection {
    let id: EndpointId = key(server).parse().unwrap();
    let address = EndpointAddr::new(id).with_ip_addr(server.place.parse().unwrap());
    let connecting = endpoint.connect(address, BURN_REMOTE_ALPN);
    let connected = timeout(Duration::from_secs(30), connecting).await;
    connected.expect("in time").expect("a connection")
}

async fn stranger() -> Endpoint {
    Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .bind()
        .await
        .unwrap()
}

#[test]
fn noise_and_silence_are_dropped_in_bounded_time_and_memory() {
    let desk = Desk::new();
    let server = start(&desk, &[]);
    desk.client(&short(&server.device)).works();
    let before = server.program.memory();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let mut waiting = Vec::new();
        // One that says nothing.
        let silent = stranger().await;
        waiting.push((connect(&silent, &server).await, silent));
        // A stream whose first frame claims to be a gigabyte, and stops.
        let huge = stranger().await;
        let connection = connect(&huge, &server).await;
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        send.write_all(&(1_u64 << 30).to_le_bytes()).await.unwrap();
        send.write_all(&[7; 1000]).await.unwrap();
        waiting.push((connection, huge));
        // Noise, as much as the server takes.
        for round in 0..20_u32 {
            let loud = stranger().await;
            let connection = connect(&loud, &server).await;
            let bytes: Vec<u8> = (0..500_000_u32).map(|i| (i * 31 + round) as u8).collect();
            if let Ok((mut send, _receive)) = connection.open_bi().await {
                // A frame of that length, of which the server may not even take the beginning.
                let _ = send.write_all(&(bytes.len() as u64).to_le_bytes()).await;
                let _ = send.write_all(&bytes).await;
            }
            let closed = timeout(Duration::from_secs(15), connection.closed()).await;
            assert!(closed.is_ok(), "noise {round} is still heard");
            loud.close().await;
        }
        for (connection, endpoint) in waiting {
            let closed = timeout(Duration::from_secs(15), connection.closed()).await;
            assert!(closed.is_ok(), "still heard");
            endpoint.close().await;
        }
    });
    serves_on(&desk, server, before);
}

#[test]
fn who_is_silent_at_the_door_keeps_nobody_out() {
    let desk = Desk::new();
    let server = start(&desk, &[]);
    let runtime = Runtime::new().unwrap();
    let silent: Vec<_> = (0..20)
        .map(|_| {
            runtime.block_on(async {
                let endpoint = stranger().await;
                (connect(&endpoint, &server).await, endpoint)
            })
        })
        .collect();
    desk.client(&short(&server.device)).works();
    drop(silent);
}
