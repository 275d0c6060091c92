//! A file of the page as Parquet's reader takes it.

use std::io::{BufReader, Seek, SeekFrom};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::host::fs::File;

impl Length for File {
    fn len(&self) -> u64 {
        self.metadata().map_or(0, |data| data.len())
    }
}

impl ChunkReader for File {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let mut file = self.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // The length comes from the file and is not believed.
        let here = usize::try_from(Length::len(self).saturating_sub(start)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(here)];
        if self.read_at(start, &mut bytes)? < length {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at {start} are missing"
            )));
        }
        Ok(bytes.into())
    }
}
