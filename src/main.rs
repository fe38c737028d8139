//! The program: parse, dispatch, and print an error as one line.

use std::process::ExitCode;

use clap::Parser;
use flowlab::cli::{Cli, TrainVerb, Verb};
use flowlab::command;

/// Training allocates and frees large blocks at every step; the system's allocator returns them
/// to the kernel each time, and the page faults cost a third of a step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    flowlab::crash::install();
    flowlab::device::isolate_runtime_config();
    let quiet = "warn,wgpu_hal=error,wgpu_core=error,naga=error";
    let logs = env_logger::Env::default().default_filter_or(quiet);
    let logger = env_logger::Builder::from_env(logs).build();
    let most = logger.filter();
    flowlab::app::clipboard::listen(logger, most).expect("it is the only log");
    let cli = Cli::parse();
    #[cfg(feature = "remote")]
    flowlab::remote::use_file(cli.token_file);
    let result = match cli.verb {
        None => command::window::run(&cli.window),
        Some(Verb::Train(TrainVerb::Toy(args))) => command::train::run(&args),
        Some(Verb::Train(TrainVerb::Table(args))) => command::toy_table::run(&args),
        Some(Verb::Train(TrainVerb::Vae(args))) => command::train_images::vae(&args),
        Some(Verb::Train(TrainVerb::Latent(args))) => command::train_images::latent(&args),
        Some(Verb::Train(TrainVerb::Classifier(args))) => command::train_images::classifier(&args),
        Some(Verb::Train(TrainVerb::Variational(args))) => {
            command::train_images::variational(&args)
        }
        Some(Verb::Sample(args)) => command::sample::run(&args),
        Some(Verb::Field(args)) => command::field::run(&args),
        Some(Verb::Scheduler(args)) => command::scheduler::run(&args),
        Some(Verb::Eval(args)) => command::eval::run(&args),
        Some(Verb::Import(args)) => command::import::run(&args),
        Some(Verb::Reconstruct(args)) => command::reconstruct::run(&args),
        Some(Verb::Pack(args)) => command::pack::run(&args),
        Some(Verb::Figure(args)) => command::figure::run(&args),
        Some(Verb::Bench(args)) => command::bench::run(&args),
        Some(Verb::Devices) => command::devices::run(),
        #[cfg(feature = "remote")]
        Some(Verb::Serve(args)) => command::serve::run(&args),
    };
    flowlab::remote::close();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Who closes the pipe has read enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
