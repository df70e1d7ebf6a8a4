//! OpenVM's own instructions (its book, *ISA*; the encodings are those of `openvm-*-transpiler` 2.0).

use core::arch::asm;

/// Ends the program. Only a run that ends with 0 can be proved.
pub(crate) fn halt<const CODE: u8>() -> ! {
    // SAFETY: the machine stops.
    unsafe { asm!(".insn i 0x0b, 0, x0, x0, {}", const CODE, options(noreturn, nostack)) }
}

/// Goes on to the next answer of the host.
pub(crate) fn next_answer() {
    // SAFETY: it touches neither registers nor memory.
    unsafe { asm!(".insn i 0x0b, 3, x0, x0, 0", options(nomem, nostack, preserves_flags)) }
}

/// Words that one instruction reads at most.
const WORDS_MAX: usize = 1023;

/// Reads the next words of the answer.
///
/// # Safety
/// There must be room for them at `to`, which must be a multiple of 4.
pub(crate) unsafe fn read_words(mut to: *mut u32, mut count: usize) {
    while count > 0 {
        let part = count.min(WORDS_MAX);
        // SAFETY: the caller has room for `count` words.
        unsafe {
            asm!(".insn i 0x0b, 1, {}, {}, 1", in(reg) to, in(reg) part, options(nostack, preserves_flags));
            to = to.add(part);
        }
        count -= part;
    }
}

/// Makes a word of the public values known.
pub(crate) fn reveal(index: usize, word: u32) {
    // SAFETY: it writes to no memory of the program's.
    unsafe {
        asm!(".insn i 0x0b, 2, {}, {}, 0", in(reg) index * 4, in(reg) word, options(nomem, nostack, preserves_flags))
    }
}

/// `state[..length] ^= input[..length]`.
///
/// # Safety
/// Both must be multiples of 4 and so must the length, at most 136.
#[inline(always)]
pub(crate) unsafe fn xor_in(state: *mut u8, input: *const u8, length: usize) {
    // SAFETY: as the caller says.
    unsafe {
        asm!(".insn r 0x0b, 4, 1, {}, {}, {}", in(reg) state, in(reg) input, in(reg) length, options(nostack, preserves_flags));
    }
}

/// Keccak-f[1600].
///
/// # Safety
/// The state has 200 bytes at a multiple of 4.
#[inline(always)]
pub(crate) unsafe fn permute(state: *mut u8) {
    // SAFETY: as the caller says.
    unsafe {
        asm!(".insn r 0x0b, 4, 0, {}, x0, x0", in(reg) state, options(nostack, preserves_flags))
    }
}

/// A modulus of the configuration (`mezz_prover::machine`), in its order there.
pub(crate) trait Modulus {
    const INDEX: u8;
    /// Little-endian.
    const VALUE: Number;
}

/// 256 bits, little-endian. The machine wants its address to be a multiple of 32.
#[repr(C, align(32))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) [u32; 8]);

impl Number {
    pub(crate) const ZERO: Self = Self([0; 8]);

    pub(crate) const fn small(number: u32) -> Self {
        Self([number, 0, 0, 0, 0, 0, 0, 0])
    }

    /// Reads big-endian bytes.
    pub(crate) fn from_be_bytes(bytes: &[u8; 32]) -> Self {
        let mut words = bytes.as_chunks().0.iter().rev().map(|word| u32::from_be_bytes(*word));
        Self(core::array::from_fn(|_| words.next().expect("there are eight; qed")))
    }

    pub(crate) fn to_be_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, word) in bytes.as_chunks_mut().0.iter_mut().rev().zip(self.0) {
            *to = word.to_be_bytes();
        }
        bytes
    }

    /// Whether it is less than another.
    pub(crate) fn is_below(&self, other: &Self) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }
}

/// Makes a function of an instruction of modular arithmetic. The results are right modulo `M`, but a dishonest prover may choose which of the
/// one or two numbers of 256 bits that is.
macro_rules! modular {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name<M: Modulus>(left: &Number, right: &Number) -> Number {
            let mut result = core::mem::MaybeUninit::<Number>::uninit();
            // SAFETY: it reads two numbers and writes one.
            unsafe {
                asm!(".insn r 0x2b, 0, {}, {}, {}, {}", const M::INDEX * 8 + $code, in(reg) result.as_mut_ptr(), in(reg) left, in(reg) right, options(nostack, preserves_flags));
                result.assume_init()
            }
        }
    )*};
}

modular! {
    /// The sum.
    add = 0;
    /// The difference.
    sub = 1;
    /// The product.
    mul = 2;
    /// The quotient. The divisor must not be a multiple of the modulus.
    div = 3;
}

/// Whether two numbers are the same modulo `M`.
#[inline(always)]
pub(crate) fn same<M: Modulus>(left: &Number, right: &Number) -> bool {
    let same: u32;
    // SAFETY: it reads two numbers.
    unsafe {
        asm!(".insn r 0x2b, 0, {}, {}, {}, {}", const M::INDEX * 8 + 4, out(reg) same, in(reg) left, in(reg) right, options(nostack, readonly, preserves_flags));
    }
    same != 0
}

/// What the host says to be a square root. Nobody has checked it.
pub(crate) fn square_root_hint<M: Modulus>(number: &Number) -> Number {
    let mut answer = core::mem::MaybeUninit::<[u32; 9]>::uninit();
    // SAFETY: it reads a number; the answer is a word that says whether there is a root, and a number.
    let answer = unsafe {
        asm!(".insn r 0x2b, 0, {}, x0, {}, x0", const M::INDEX * 8 + 7, in(reg) number, options(nostack, readonly, preserves_flags));
        read_words(answer.as_mut_ptr().cast(), 9);
        answer.assume_init()
    };
    Number(core::array::from_fn(|index| answer[index + 1]))
}

/// Before the first arithmetic modulo `M`.
pub(crate) fn set_up<M: Modulus>() {
    let (modulus, mut scratch) = (M::VALUE, Number::ZERO);
    // SAFETY: each reads the modulus, and writes a number or a register.
    unsafe {
        asm!(
            ".insn r 0x2b, 0, {code}, {to}, {modulus}, x0",
            ".insn r 0x2b, 0, {code}, {to}, {modulus}, x1",
            ".insn r 0x2b, 0, {code}, {register}, {modulus}, x2",
            code = const M::INDEX * 8 + 5,
            to = in(reg) &raw mut scratch,
            modulus = in(reg) &raw const modulus,
            register = out(reg) _,
            options(nostack, preserves_flags)
        );
    }
}

/// A point of secp256k1, not the one at infinity.
#[repr(C, align(32))]
#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub(crate) x: Number,
    pub(crate) y: Number,
}

impl Point {
    /// The sum with a point of another `x`. With one of the same there is no proof, or the prover chooses what comes.
    #[inline(always)]
    pub(crate) fn add(&mut self, other: &Self) {
        // SAFETY: it reads two points and writes one.
        unsafe {
            asm!(".insn r 0x2b, 1, 0, {}, {}, {}", in(reg) &raw mut *self, in(reg) &raw const *self, in(reg) other, options(nostack, preserves_flags));
        }
    }

    /// Twice the point.
    #[inline(always)]
    pub(crate) fn double(&mut self) {
        // SAFETY: it reads a point and writes one.
        unsafe {
            asm!(".insn r 0x2b, 1, 1, {}, {}, x0", in(reg) &raw mut *self, in(reg) &raw const *self, options(nostack, preserves_flags));
        }
    }

    /// Before the first addition, with the modulus of the coordinates.
    pub(crate) fn set_up(modulus: Number) {
        let first = Self { x: modulus, y: Number::ZERO };
        let second = Self { x: Number::small(1), y: Number::small(1) };
        let mut scratch = second;
        // SAFETY: each reads one or two points and writes one.
        unsafe {
            asm!(
                ".insn r 0x2b, 1, 2, {to}, {first}, {second}",
                ".insn r 0x2b, 1, 2, {to}, {first}, x0",
                to = in(reg) &raw mut scratch,
                first = in(reg) &raw const first,
                second = in(reg) &raw const second,
                options(nostack, preserves_flags)
            );
        }
    }
}
