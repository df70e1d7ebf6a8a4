//! The program as the machine runs it.

/// The ELF file of `programs/guest`: what L1 knows by the root of its memory. `scripts/guest.sh` builds it.
pub const ELF: &[u8] = include_bytes!("../../../programs/guest/guest.elf");
