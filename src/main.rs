//! The `unfreeze` program.

fn main() -> std::process::ExitCode {
    unfreeze::cli::run()
}
