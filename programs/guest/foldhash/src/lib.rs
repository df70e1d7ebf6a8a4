//! The hasher of the hash maps: HalfSipHash-1-3 with a key that nobody knows in time.
//!
//! Whoever sends transactions chooses the keys of these maps: storage slots and addresses. The original hashes them with constants in a machine without randomness,
//! so that a hundred thousand slots could be made to share a bucket, and a transaction would take more instructions than a trace has room for. Here the key comes from
//! the hash of all that the run depends on, transactions included: to aim at it is to find a preimage.

#![no_std]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

static KEY: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

/// Gives the key: 16 bytes of it count. Before the first map is made.
pub fn seed(key: &[u8; 32]) {
    for (word, bytes) in KEY.iter().zip(key.as_chunks().0) {
        word.store(u32::from_le_bytes(*bytes), Relaxed);
    }
}

/// What the libraries ask for.
pub mod fast {
    use super::{KEY, Relaxed};
    use core::{
        hash::{BuildHasher, Hasher},
        marker::PhantomData,
    };

    /// Makes hashers, all with the same key.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct RandomState;

    /// HalfSipHash-1-3 over words, each number that is written one or more of them.
    #[derive(Debug, Clone)]
    pub struct FoldHasher<'a> {
        state: [u32; 4],
        words: u32,
        lifetime: PhantomData<&'a ()>,
    }

    impl BuildHasher for RandomState {
        type Hasher = FoldHasher<'static>;

        #[inline]
        fn build_hasher(&self) -> FoldHasher<'static> {
            FoldHasher::new([0, 1, 2, 3].map(|at| KEY[at].load(Relaxed)))
        }
    }

    impl FoldHasher<'_> {
        /// Begins with a state that is the key.
        #[inline]
        pub const fn new(state: [u32; 4]) -> Self {
            Self { state, words: 0, lifetime: PhantomData }
        }

        #[inline]
        fn absorb(&mut self, word: u32) {
            self.state[3] ^= word;
            round(&mut self.state);
            self.state[0] ^= word;
            self.words = self.words.wrapping_add(1);
        }
    }

    impl Hasher for FoldHasher<'_> {
        #[inline]
        fn write(&mut self, bytes: &[u8]) {
            let (words, rest) = bytes.as_chunks();
            for word in words {
                self.absorb(u32::from_le_bytes(*word));
            }
            if !rest.is_empty() {
                let tail = rest.iter().rev().fold(0, |tail, byte| tail << 8 | u32::from(*byte));
                self.absorb(tail);
            }
        }

        #[inline]
        fn write_u8(&mut self, number: u8) {
            self.absorb(number.into());
        }

        #[inline]
        fn write_u16(&mut self, number: u16) {
            self.absorb(number.into());
        }

        #[inline]
        fn write_u32(&mut self, number: u32) {
            self.absorb(number);
        }

        #[inline]
        fn write_u64(&mut self, number: u64) {
            self.absorb(number as u32);
            self.absorb((number >> 32) as u32);
        }

        #[inline]
        fn write_usize(&mut self, number: usize) {
            // A word of the machine.
            self.absorb(number as u32);
        }

        #[inline]
        fn finish(&self) -> u64 {
            let mut state = self.state;
            // Bytes, in the top byte.
            let length = self.words << 26;
            state[3] ^= length;
            round(&mut state);
            state[0] ^= length;
            state[2] ^= 0xff;
            (0..3).for_each(|_| round(&mut state));
            // Maps look at these 32 bits only.
            u64::from(state[1] ^ state[3])
        }
    }

    #[inline]
    fn round(state: &mut [u32; 4]) {
        let [mut a, mut b, mut c, mut d] = *state;
        a = a.wrapping_add(b);
        b = b.rotate_left(5) ^ a;
        a = a.rotate_left(16);
        c = c.wrapping_add(d);
        d = d.rotate_left(8) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(7) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(13) ^ c;
        c = c.rotate_left(16);
        *state = [a, b, c, d];
    }
}
