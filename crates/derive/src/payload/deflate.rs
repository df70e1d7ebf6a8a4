//! Compression of the body: raw deflate, bounded when it is undone.

use super::Invalid;
use alloc::{borrow::Cow, boxed::Box, vec, vec::Vec};
use mezz_primitives::PAYLOAD_MAX;
use miniz_oxide::{
    deflate::core::{
        CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output,
        create_comp_flags_from_zip_params,
    },
    inflate::{
        TINFLStatus,
        core::{
            DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        },
    },
};

/// Effort of the search for repetitions, of 10.
const LEVEL: i32 = 7;
/// No section of the stream is shorter than this: each has a table of its own.
const SECTION_MIN: usize = 512;
/// An empty last block.
const END: [u8; 2] = [3, 0];

/// How the body of a payload is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compressor {
    /// Not at all.
    None,
    /// Raw deflate, RFC 1951.
    #[default]
    Deflate,
}

impl Compressor {
    /// The byte that names it.
    pub(super) const fn id(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Deflate => 1,
        }
    }

    pub(super) const fn from_id(id: u8) -> Result<Self, Invalid> {
        match id {
            0 => Ok(Self::None),
            1 => Ok(Self::Deflate),
            _ => Err(Invalid::Compressor),
        }
    }

    /// Compresses a body whose nature changes at the seams (ascending positions).
    pub(super) fn compress(self, body: Vec<u8>, seams: &[usize]) -> Vec<u8> {
        match self {
            Self::None => body,
            Self::Deflate => deflate(&body, seams),
        }
    }

    /// Undoes [`Self::compress`] and never holds more than [`PAYLOAD_MAX`] bytes.
    pub(super) fn decompress(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, Invalid> {
        match self {
            Self::None if bytes.len() > PAYLOAD_MAX => Err(Invalid::Length),
            Self::None => Ok(Cow::Borrowed(bytes)),
            Self::Deflate => inflate(bytes).map(Cow::Owned),
        }
    }
}

/// One deflate stream made of independent sections, so that each column is coded with the table that suits it.
fn deflate(body: &[u8], seams: &[usize]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 2 + 64);
    let mut start = 0;
    for &seam in seams.iter().chain([&body.len()]) {
        let last = seam == body.len();
        if seam - start >= SECTION_MIN || (last && seam > start) {
            out.extend(section(&body[start..seam]));
            start = seam;
        }
    }
    out.extend(END);
    out
}

/// A run of blocks that ends at a byte, the shortest of two attempts: with repetitions and without.
fn section(bytes: &[u8]) -> Vec<u8> {
    let matched = attempt(bytes, CompressionStrategy::Default);
    let entropy_only = attempt(bytes, CompressionStrategy::HuffmanOnly);
    if matched.len() <= entropy_only.len() { matched } else { entropy_only }
}

fn attempt(bytes: &[u8], strategy: CompressionStrategy) -> Vec<u8> {
    // Negative window bits: no zlib wrapper.
    let flags = create_comp_flags_from_zip_params(LEVEL, -15, strategy as i32);
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let (status, _) =
        compress_to_output(&mut CompressorOxide::new(flags), bytes, TDEFLFlush::Sync, |piece| {
            out.extend_from_slice(piece);
            true
        });
    debug_assert_eq!(status, TDEFLStatus::Okay);
    out
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, Invalid> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut out = vec![0; bytes.len().saturating_mul(3).clamp(1024, PAYLOAD_MAX)];
    let (mut read, mut written) = (0, 0);
    loop {
        let (status, consumed, produced) = decompress(
            &mut state,
            &bytes[read..],
            &mut out,
            written,
            TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        read += consumed;
        written += produced;
        match status {
            TINFLStatus::Done if read < bytes.len() => return Err(Invalid::Trailing),
            TINFLStatus::Done => {
                out.truncate(written);
                return Ok(out);
            }
            TINFLStatus::HasMoreOutput if out.len() == PAYLOAD_MAX => return Err(Invalid::Length),
            TINFLStatus::HasMoreOutput => {
                let length = out.len().saturating_mul(2).min(PAYLOAD_MAX);
                out.reserve_exact(length - out.len());
                out.resize(length, 0);
            }
            _ => return Err(Invalid::Deflate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_make_one_stream() {
        let body: Vec<u8> = (0..20_000u32)
            .map(|i| {
                if i < 9_000 { (i % 7) as u8 } else { (i.wrapping_mul(2_654_435_761) >> 13) as u8 }
            })
            .collect();
        let seams = [0, 1, 9_000, 9_100, 20_000];
        let compressed = Compressor::Deflate.compress(body.clone(), &seams);
        assert!(compressed.len() < 12_000);
        assert_eq!(Compressor::Deflate.decompress(&compressed).unwrap(), body);
        assert_eq!(miniz_oxide::inflate::decompress_to_vec(&compressed).unwrap(), body);
        assert_eq!(
            Compressor::Deflate.decompress(&[compressed, vec![0]].concat()),
            Err(Invalid::Trailing)
        );
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = miniz_oxide::deflate::compress_to_vec(&vec![0; 64 * PAYLOAD_MAX], 9);
        assert!(bomb.len() < PAYLOAD_MAX / 8);
        assert_eq!(Compressor::Deflate.decompress(&bomb), Err(Invalid::Length));
        let full = miniz_oxide::deflate::compress_to_vec(&vec![0; PAYLOAD_MAX], 9);
        assert_eq!(Compressor::Deflate.decompress(&full).map(|body| body.len()), Ok(PAYLOAD_MAX));
    }

    #[test]
    fn an_empty_body_is_an_empty_stream() {
        let compressed = Compressor::Deflate.compress(Vec::new(), &[]);
        assert_eq!(compressed, END);
        assert_eq!(Compressor::Deflate.decompress(&compressed).unwrap(), &[0u8; 0][..]);
        assert_eq!(Compressor::Deflate.decompress(&[]), Err(Invalid::Deflate));
    }
}
