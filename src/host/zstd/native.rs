//! The reference implementation.

use std::io::{self, Read, Write};

/// Packs what is written to it into `out`.
pub struct Encoder<W: Write>(zstd::Encoder<'static, W>);

impl<W: Write> Encoder<W> {
    /// Starts with the library's own level.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new(out: W) -> io::Result<Self> {
        zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL).map(Self)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Unpacks every frame of a stream. One that asks for a window of more than 128 MiB is refused.
///
/// # Errors
/// When there is no memory for it.
pub fn decode<'a>(packed: impl Read + 'a) -> io::Result<impl Read + 'a> {
    zstd::Decoder::new(packed)
}

/// The same for a file of the user's own, whatever window it asks for.
///
/// # Errors
/// When there is no memory for it.
pub fn decode_any_window<'a>(packed: impl Read + 'a) -> io::Result<impl Read + 'a> {
    // A whole 2 GiB window may be asked for: `zstd --long=27` and beyond refuse to open otherwise.
    const WINDOW_LOG: u32 = 31;
    let mut decoder = zstd::Decoder::new(packed)?;
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

/// Packs all of it.
///
/// # Errors
/// When there is no memory for it.
pub fn encode_all(bytes: &[u8]) -> io::Result<Vec<u8>> {
    zstd::encode_all(bytes, zstd::DEFAULT_COMPRESSION_LEVEL)
}
