//! `flowlab devices`

/// Prints the adapters and which device `auto` takes.
///
/// # Errors
/// Never; the signature is that of every verb.
pub fn run() -> anyhow::Result<()> {
    print!("{}", crate::device::report());
    Ok(())
}
