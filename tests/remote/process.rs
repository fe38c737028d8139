//! Servers and clients as processes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than anything takes here.
pub const LONG: Duration = Duration::from_secs(240);

/// A folder with the token of a server.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(desk.at("token"), "a-token-of-the-tests\n").unwrap();
        desk
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A client's process with the server's token.
    pub fn client(&self, args: &[&str]) -> Program {
        let mut command = flowlab(args);
        command.arg("--token-file").arg(self.at("token"));
        Program::start(command)
    }
}

/// The program without a window and without a token.
pub fn flowlab(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlab"));
    command.args(args);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "FLOWLAB_TOKEN"] {
        command.env_remove(name);
    }
    command
}

/// A small training that does not end by itself.
pub fn endless(device: &str) -> [&str; 10] {
    [
        "train", "toy", "--hidden", "32", "--batch", "256", "--steps", "1000000", "--device",
        device,
    ]
}

/// A running program; it is killed when it is dropped.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Program {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Self {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Waits for a line that `wanted` takes something from.
    pub fn wait_for<T>(&mut self, wanted: impl Fn(&str) -> Option<T>) -> T {
        let until = Instant::now() + LONG;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("the line did not come:\n{}", self.seen.join("\n"));
            };
            let found = wanted(&line);
            self.seen.push(line);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// Whether it succeeded, how long that took from now on, and all that it said.
    pub fn end(mut self) -> (bool, Duration, String) {
        let since = Instant::now();
        while let Ok(line) = self
            .lines
            .recv_timeout(LONG.saturating_sub(since.elapsed()))
        {
            self.seen.push(line);
        }
        assert!(since.elapsed() < LONG, "{}", self.seen.join("\n"));
        let status = self.child.wait().unwrap();
        (status.success(), since.elapsed(), self.seen.join("\n"))
    }

    /// What it said, when it succeeded.
    pub fn works(self) -> String {
        let (success, _, text) = self.end();
        assert!(success, "{text}");
        text
    }

    /// What it said, when it failed, and how long that took.
    pub fn fails(self) -> (Duration, String) {
        let (success, time, text) = self.end();
        assert!(!success, "{text}");
        (time, text)
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let text = fs::read_to_string(path).unwrap();
        let line = text.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse::<u64>().unwrap() << 10
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server of the processor, and where it is.
pub struct Server {
    pub program: Program,
    /// `HOST:PORT`.
    pub place: String,
    /// What clients give to `--device`.
    pub device: String,
}

impl Server {
    pub fn start(desk: &Desk, more: &[&str]) -> Self {
        Self::bound(desk, "127.0.0.1:0", more)
    }

    /// One whose connections are encrypted; its key stays the same on this desk.
    pub fn encrypted(desk: &Desk, bind: &str, more: &[&str]) -> Self {
        let file = desk.at("identity");
        let identity = ["--identity-file", file.to_str().unwrap()];
        Self::bound(desk, bind, &[&identity, more].concat())
    }

    pub fn bound(desk: &Desk, bind: &str, more: &[&str]) -> Self {
        let args = [&["serve", "--bind", bind, "--device", "cpu"], more].concat();
        let mut program = desk.client(&args);
        let address = program.wait_for(|line| {
            let (_, address) = line.strip_prefix("serving ")?.rsplit_once(" at ")?;
            Some(address.trim().to_owned())
        });
        let place = address.rsplit(['/', '@']).next().unwrap().to_owned();
        Self {
            program,
            device: format!("remote:{address}"),
            place,
        }
    }
}

/// A column of a CSV file.
pub fn column(path: &Path, name: &str) -> Vec<f64> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let at = lines
        .next()
        .and_then(|head| head.split(',').position(|cell| cell == name))
        .unwrap();
    lines
        .map(|line| line.split(',').nth(at).unwrap().parse().unwrap())
        .collect()
}

/// The largest difference of two columns of the same length.
pub fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}
