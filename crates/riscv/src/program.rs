//! A program as an ELF file.

use alloy_primitives::B256;

use crate::{Memory, Snapshot, State, Tree};

/// Why a file is not a program for the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// The first bytes are others.
    #[error("this is no ELF file")]
    NotElf,
    /// It is for another machine.
    #[error("the ELF file is not for 32-bit little-endian RISC-V: build for riscv32im")]
    Machine,
    /// It uses more than RV32IM.
    #[error(
        "the ELF file wants compressed instructions, floating point or fewer registers (flags {0:#x}): build for riscv32im"
    )]
    Flags(u32),
    /// It is an object, a library or position-independent.
    #[error(
        "the ELF file is not a static executable: link with -no-pie and without shared libraries"
    )]
    NotExecutable,
    /// A header or a segment lies outside of the file.
    #[error("the ELF file ends before what its headers speak of: it was cut off")]
    Truncated,
    /// A segment does not fit.
    #[error(
        "the segment at {0:#x} overlaps another, is larger than memory or smaller than its contents"
    )]
    Segment(u32),
    /// The program begins where it has nothing.
    #[error("the entry {0:#x} is not the address of an instruction in a segment")]
    Entry(u32),
}

/// A program: the contents of the memory at the start, and where to begin.
#[derive(Debug, Clone)]
pub struct Program {
    entry: u32,
    tree: Tree,
}

impl Program {
    /// Reads an ELF file.
    ///
    /// # Errors
    ///
    /// [`ProgramError`] if the file is anything but a static 32-bit little-endian RISC-V executable.
    pub fn parse(file: &[u8]) -> Result<Self, ProgramError> {
        let header = Header::parse(file)?;
        let (mut memory, mut taken) = (Memory::default(), alloc::vec::Vec::new());
        for index in 0..header.segments {
            let segment = Segment::parse(file, &header, index)?;
            match segment.kind {
                Segment::LOAD if segment.memory_size > 0 => {}
                Segment::DYNAMIC | Segment::INTERPRETER => return Err(ProgramError::NotExecutable),
                _ => continue,
            }
            let bytes = segment.bytes(file)?;
            let range = segment.range()?;
            let overlaps =
                |other: &core::ops::Range<u64>| range.start < other.end && other.start < range.end;
            if taken.iter().any(overlaps) {
                return Err(ProgramError::Segment(segment.address));
            }
            taken.push(range);
            memory.write(segment.address, bytes);
        }
        let entry = u64::from(header.entry);
        if !entry.is_multiple_of(4) || !taken.iter().any(|range| range.contains(&entry)) {
            return Err(ProgramError::Entry(header.entry));
        }
        Ok(Self { entry: header.entry, tree: memory.commit().clone() })
    }

    /// Address of the first instruction.
    pub const fn entry(&self) -> u32 {
        self.entry
    }

    /// Root of the memory at the start.
    pub fn memory_root(&self) -> B256 {
        self.tree.root()
    }

    /// The moment before the first step.
    pub fn start(&self, boot: B256) -> Snapshot {
        let state = State { boot, pc: self.entry, ..State::default() };
        Snapshot::new(state, self.tree.clone())
    }
}

/// What the machine needs of an ELF header.
struct Header {
    entry: u32,
    /// Where the program headers begin, how many bytes each has, and how many there are.
    segments_at: u32,
    segment_size: u16,
    segments: u16,
}

impl Header {
    const MAGIC: &[u8] = b"\x7fELF";
    const CLASS_32: u8 = 1;
    const LITTLE_ENDIAN: u8 = 1;
    const EXECUTABLE: u16 = 2;
    const RISC_V: u16 = 243;

    fn parse(file: &[u8]) -> Result<Self, ProgramError> {
        if !file.starts_with(Self::MAGIC) {
            return Err(ProgramError::NotElf);
        }
        let [class, order] = bytes(file, 4)?;
        let is_machine = class == Self::CLASS_32
            && order == Self::LITTLE_ENDIAN
            && u16::from_le_bytes(bytes(file, 18)?) == Self::RISC_V;
        if !is_machine {
            return Err(ProgramError::Machine);
        }
        if u16::from_le_bytes(bytes(file, 16)?) != Self::EXECUTABLE {
            return Err(ProgramError::NotExecutable);
        }
        match u32::from_le_bytes(bytes(file, 36)?) {
            0 => {}
            flags => return Err(ProgramError::Flags(flags)),
        }
        Ok(Self {
            entry: u32::from_le_bytes(bytes(file, 24)?),
            segments_at: u32::from_le_bytes(bytes(file, 28)?),
            segment_size: u16::from_le_bytes(bytes(file, 42)?),
            segments: u16::from_le_bytes(bytes(file, 44)?),
        })
    }
}

/// A program header.
struct Segment {
    kind: u32,
    offset: u32,
    address: u32,
    file_size: u32,
    memory_size: u32,
}

impl Segment {
    const LOAD: u32 = 1;
    const DYNAMIC: u32 = 2;
    const INTERPRETER: u32 = 3;

    fn parse(file: &[u8], header: &Header, index: u16) -> Result<Self, ProgramError> {
        let at =
            header.segments_at as usize + usize::from(header.segment_size) * usize::from(index);
        let field = |number: usize| Ok(u32::from_le_bytes(bytes(file, at + 4 * number)?));
        Ok(Self {
            kind: field(0)?,
            offset: field(1)?,
            address: field(2)?,
            file_size: field(4)?,
            memory_size: field(5)?,
        })
    }

    fn bytes<'a>(&self, file: &'a [u8]) -> Result<&'a [u8], ProgramError> {
        let rest = file.get(self.offset as usize..).ok_or(ProgramError::Truncated)?;
        rest.get(..self.file_size as usize).ok_or(ProgramError::Truncated)
    }

    /// The addresses that it takes.
    fn range(&self) -> Result<core::ops::Range<u64>, ProgramError> {
        let start = u64::from(self.address);
        let end = start + u64::from(self.memory_size);
        if self.file_size > self.memory_size || end > 1 << 32 {
            return Err(ProgramError::Segment(self.address));
        }
        Ok(start..end)
    }
}

fn bytes<const N: usize>(file: &[u8], at: usize) -> Result<[u8; N], ProgramError> {
    let rest = file.get(at..).ok_or(ProgramError::Truncated)?;
    rest.first_chunk().copied().ok_or(ProgramError::Truncated)
}
