//! Which device trains, and why: the only file that chooses a burn [`Device`].

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use burn::BurnConfig;
use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
pub use burn::tensor::Device;
use burn::tensor::Tensor;
use burn::tensor::wgpu::wgpu;

use crate::remote::{self, Address};

/// What the user asked for with `--device`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A real GPU when there is one, else the processor.
    #[default]
    Auto,
    /// The first GPU adapter, a software one included.
    Gpu,
    /// The processor.
    Cpu,
    /// The device of another machine, in a build with the cargo feature `remote`.
    Remote(Address),
}

impl DeviceChoice {
    /// Every choice of this machine's own, in the order the menus show them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Gpu, Self::Cpu];

    /// What a menu offers a program that was started with this choice: another machine's device
    /// is never found, only named.
    pub fn choices(self) -> Vec<Self> {
        let far = matches!(self, Self::Remote(_)).then_some(self);
        far.into_iter().chain(Self::ALL).collect()
    }

    /// The name shown in a menu.
    pub fn label(self) -> &'static str {
        match self {
            Self::Auto => "Automatic",
            Self::Gpu => "GPU (wgpu)",
            Self::Cpu => "CPU",
            Self::Remote(address) => address.host(),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Gpu => f.write_str("gpu"),
            Self::Cpu => f.write_str("cpu"),
            Self::Remote(address) => write!(f, "remote:{address}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(address) = text.strip_prefix("remote:") {
            return address.parse().map(Self::Remote);
        }
        Self::ALL
            .into_iter()
            .find(|choice| choice.to_string() == text)
            .ok_or_else(|| {
                format!(
                    "unknown device `{text}`; use auto, gpu, cpu, remote:ws://HOST:PORT or \
                     remote:iroh://KEY@HOST:PORT"
                )
            })
    }
}

/// What the training runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// The processor: burn's flex backend and the fused kernels.
    Cpu,
    /// A real GPU through wgpu.
    Gpu,
    /// A software Vulkan adapter such as lavapipe: correct, but slower than the processor.
    SoftwareGpu,
    /// Whatever device another machine serves: each answer takes a way there and back.
    Remote,
}

/// The chosen device in words, for the status bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What it runs on.
    pub kind: DeviceKind,
    /// For example `CPU` or `GPU · NVIDIA H100 (Vulkan)`.
    pub label: String,
    /// Why this one, for example `no GPU found`.
    pub reason: String,
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.label, self.reason)
    }
}

/// A device that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// `--device gpu` on a machine without any adapter.
    #[error(
        "--device gpu: no GPU adapter found; install a Vulkan driver (Debian/Ubuntu: \
         mesa-vulkan-drivers) or use --device cpu"
    )]
    NoAdapter,
    /// The adapter is there but did not open.
    #[error("--device gpu: {adapter} did not open: {reason}; use --device cpu")]
    Open {
        /// The adapter's name.
        adapter: String,
        /// What the driver said.
        reason: String,
    },
    /// The device of another machine cannot be had.
    #[error("--device remote:{address}: {reason}")]
    Remote {
        /// Where it was looked for.
        address: Address,
        /// A full sentence.
        reason: String,
    },
}

/// An adapter as wgpu reports it.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// The part's name.
    pub name: String,
    /// Vulkan, Metal, Dx12 or Gl.
    pub api: String,
    /// Whether it is a program on the processor.
    pub software: bool,
}

impl Adapter {
    fn describe(&self) -> String {
        format!("{} ({})", self.name, self.api)
    }
}

/// How many GPU tasks burn may put into one submission: few, so that a drawing window on the
/// same GPU gets its turn between them.
const TASKS_PER_SUBMISSION: usize = 16;

/// Every adapter of this machine, real ones first.
pub fn adapters() -> Vec<Adapter> {
    // The Vulkan loader crashes when instances come and go on several threads at once.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let mut adapters: Vec<Adapter> = found
        .iter()
        .map(|adapter| {
            let info = adapter.get_info();
            Adapter {
                name: info.name,
                api: format!("{:?}", info.backend),
                software: info.device_type == wgpu::DeviceType::Cpu,
            }
        })
        .collect();
    adapters.sort_by_key(|adapter| adapter.software);
    adapters
}

/// Opens the device of a choice, once for the process; later calls share it.
///
/// # Errors
/// Only for [`DeviceChoice::Gpu`] and [`DeviceChoice::Remote`]: `Auto` falls back to the processor
/// and says so.
pub fn open(choice: DeviceChoice) -> Result<(Device, DeviceInfo), DeviceError> {
    isolate_runtime_config();
    let opened = choose(choice)?;
    crate::crash::fact("device", opened.1.to_string());
    Ok(opened)
}

fn choose(choice: DeviceChoice) -> Result<(Device, DeviceInfo), DeviceError> {
    let cpu = |reason: String| {
        let info = DeviceInfo {
            kind: DeviceKind::Cpu,
            label: "CPU".to_owned(),
            reason,
        };
        Ok((Device::flex(), info))
    };
    match choice {
        DeviceChoice::Cpu => cpu("as asked".to_owned()),
        DeviceChoice::Gpu => {
            let adapter = adapters()
                .into_iter()
                .next()
                .ok_or(DeviceError::NoAdapter)?;
            open_gpu(&adapter, "as asked")
        }
        DeviceChoice::Auto => match adapters().into_iter().next() {
            None => cpu("no GPU found".to_owned()),
            Some(adapter) if adapter.software => {
                cpu(format!("no GPU found, only software: {}", adapter.name))
            }
            Some(adapter) => {
                open_gpu(&adapter, "found").or_else(|error| cpu(format!("GPU failed: {error}")))
            }
        },
        DeviceChoice::Remote(address) => {
            let (device, reason) =
                remote::open(address).map_err(|reason| DeviceError::Remote { address, reason })?;
            let info = DeviceInfo {
                kind: DeviceKind::Remote,
                label: format!("Remote · {}", address.host()),
                reason,
            };
            Ok((device, info))
        }
    }
}

/// The GPU of this process. An initialised selector cannot be configured again, so that a lost
/// device stays lost until the program is started anew.
struct Gpu {
    device: Device,
    handle: wgpu::Device,
    lost: AtomicBool,
}

static GPU: OnceLock<Result<Gpu, String>> = OnceLock::new();

fn open_gpu(adapter: &Adapter, reason: &str) -> Result<(Device, DeviceInfo), DeviceError> {
    let opened = GPU.get_or_init(|| {
        let (device, setup) = Device::wgpu_options()
            .tasks_max(TASKS_PER_SUBMISSION)
            .init_with_setup()
            .map_err(|error| error.to_string())?;
        Ok(Gpu {
            device,
            handle: setup.device,
            lost: AtomicBool::new(false),
        })
    });
    let failed = |reason: String| DeviceError::Open {
        adapter: adapter.describe(),
        reason,
    };
    match opened {
        Ok(gpu) if gpu.lost.load(Ordering::Relaxed) => Err(failed(
            "it was lost, and only a new start of the program opens it again".to_owned(),
        )),
        Ok(gpu) => {
            let kind = if adapter.software {
                DeviceKind::SoftwareGpu
            } else {
                DeviceKind::Gpu
            };
            let info = DeviceInfo {
                kind,
                label: format!("GPU · {}", adapter.describe()),
                reason: reason.to_owned(),
            };
            Ok((gpu.device.clone(), info))
        }
        Err(error) => Err(failed(error.clone())),
    }
}

/// What a user should know of a failure of a training: that it was too large for the GPU,
/// or, where the GPU or the server does not answer any more, that it was lost and what goes on
/// without it.
pub fn explain(sentence: String, kind: Option<DeviceKind>) -> String {
    if kind == Some(DeviceKind::Remote) {
        return remote::explain().unwrap_or(sentence);
    }
    let Some(Ok(gpu)) = GPU.get() else {
        return sentence;
    };
    if let Some(reason) = too_large(&sentence) {
        return format!(
            "the training is too large for the GPU: take a smaller batch or \
             network, or train on the processor (--device cpu) ({reason})"
        );
    }
    // Each kind of failure of a lost device has words of its own; a small sum tells.
    let answers = catch_unwind(AssertUnwindSafe(|| {
        let one = Tensor::<1>::from_data([1.0_f32], &gpu.device) + 1.0;
        // The data of a lost device may come, and fail only when it is looked at.
        one.try_into_data()
            .is_ok_and(|data| data.try_into_vec::<f32>().is_ok())
    }));
    if answers.unwrap_or(false) {
        return sentence;
    }
    gpu.lost.store(true, Ordering::Relaxed);
    format!(
        "the GPU was lost. What was saved of the run is kept: go on with it on the processor \
         (--device cpu), or start the program again ({sentence})"
    )
}

/// The line that says so where a training is too large: in the words of cubecl, which refuses a
/// buffer or a kernel, or in those of wgpu, whose driver has no room left.
fn too_large(sentence: &str) -> Option<&str> {
    let says = |line: &&str| {
        let line = line.to_lowercase();
        let words = [
            "can't allocate",
            "cube count too big",
            "out of memory",
            "out of device memory",
        ];
        words.iter().any(|words| line.contains(words))
    };
    sentence.lines().find(says).map(str::trim)
}

/// Takes the GPU away, as a driver's reset does: for tests. False when none was opened.
pub fn lose_gpu() -> bool {
    match GPU.get() {
        Some(Ok(gpu)) => {
            gpu.handle.destroy();
            true
        }
        _ => false,
    }
}

/// Keeps burn and cubecl from reading `burn.toml` or `cubecl.toml` of the current directory and
/// its parents: a file that lies there could make them write logs to any path. Called before
/// anything of theirs; calling it again changes nothing.
pub fn isolate_runtime_config() {
    CubeClRuntimeConfig::try_set(CubeClRuntimeConfig::default());
    BurnConfig::try_set(BurnConfig::default());
}

/// The table of `flowlab devices`: adapters seen, which one `auto` takes and why.
pub fn report() -> String {
    use fmt::Write;
    let mut text = String::new();
    let adapters = adapters();
    if adapters.is_empty() {
        text.push_str("adapters: none\n");
    }
    for adapter in &adapters {
        let kind = if adapter.software {
            "software"
        } else {
            "hardware"
        };
        let _ = writeln!(text, "adapter: {} [{kind}]", adapter.describe());
    }
    match open(DeviceChoice::Auto) {
        Ok((_, info)) => {
            let _ = writeln!(text, "auto: {info}");
        }
        Err(error) => {
            let _ = writeln!(text, "auto: {error}");
        }
    }
    text
}

#[cfg(test)]
mod tests;
