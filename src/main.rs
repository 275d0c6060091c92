//! The `unfreeze` program.

#[global_allocator]
static ALLOCATOR: unfreeze::host::memory::Recycling = unfreeze::host::memory::Recycling;

fn main() -> std::process::ExitCode {
    unfreeze::cli::run()
}
