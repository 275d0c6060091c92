//! The `unfreeze` program.

#[global_allocator]
static ALLOCATOR: unfreeze::host::memory::Allocator = unfreeze::host::memory::Allocator;

fn main() -> std::process::ExitCode {
    unfreeze::cli::run()
}
