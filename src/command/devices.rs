//! `flowlab devices`

/// Prints the adapters and which device `auto` takes.
///
/// # Errors
/// When stdout is closed.
pub fn run() -> anyhow::Result<()> {
    super::output::print(crate::device::report())
}
