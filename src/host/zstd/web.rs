//! The same in Rust alone.

use std::io::{self, BufRead, BufReader, Read, Write};

use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// Packs what is written to it into `out`, all of it at the end.
pub struct Encoder<W: Write> {
    out: W,
    bytes: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    /// Starts.
    ///
    /// # Errors
    /// None here.
    pub fn new(out: W) -> io::Result<Self> {
        Ok(Self {
            out,
            bytes: Vec::new(),
        })
    }

    /// Packs and writes.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&encode_all(&self.bytes)?)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The frames of a stream one after another.
struct Frames<R: Read> {
    /// `None` once the stream has ended.
    frame: Option<StreamingDecoder<BufReader<R>, ruzstd::decoding::FrameDecoder>>,
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = &mut self.frame {
            let count = frame.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            if let Some(ended) = self.frame.take() {
                self.frame = next_frame(ended.into_inner())?;
            }
        }
        Ok(0)
    }
}

fn next_frame<R: Read>(
    mut packed: BufReader<R>,
) -> io::Result<Option<StreamingDecoder<BufReader<R>, ruzstd::decoding::FrameDecoder>>> {
    if packed.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let damaged = |error| io::Error::new(io::ErrorKind::InvalidData, format!("{error}"));
    StreamingDecoder::new(packed).map(Some).map_err(damaged)
}

/// Unpacks every frame of a stream.
///
/// # Errors
/// When it does not begin as such a stream does.
pub fn decode<'a>(packed: impl Read + 'a) -> io::Result<impl Read + 'a> {
    let frame = next_frame(BufReader::with_capacity(1 << 17, packed))?;
    Ok(Frames { frame })
}

/// The same for a file of the user's own.
///
/// # Errors
/// When it does not begin as such a stream does, or asks for a window of more than 100 MiB.
pub fn decode_any_window<'a>(packed: impl Read + 'a) -> io::Result<impl Read + 'a> {
    decode(packed)
}

/// Packs all of it.
///
/// # Errors
/// None here.
pub fn encode_all(bytes: &[u8]) -> io::Result<Vec<u8>> {
    Ok(compress_to_vec(bytes, CompressionLevel::Fastest))
}
