//! `bindgen PROGRAM.wasm FOLDER NAME`: writes what a page needs to load the program, `NAME.js` and `NAME_bg.wasm`.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, folder, name] = arguments.as_slice() else {
        eprintln!("usage: bindgen PROGRAM.wasm FOLDER NAME");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let written = bindgen
        .input_path(program)
        .out_name(name)
        .typescript(false)
        .remove_producers_section(true)
        // Names of functions are half a megabyte; a panic says where it happened without them.
        .remove_name_section(std::env::var_os("UNFREEZE_NAMES").is_none())
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
