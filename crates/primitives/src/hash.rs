//! Domain-separated hashing: `H(a, b, …) = keccak256(abi.encode(a, b, …))`.

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

/// The domain constants: `keccak256("mezzanine.x.v1")`.
pub mod domain {
    use alloy_primitives::{B256, b256};

    /// A queue message.
    pub const MESSAGE: B256 =
        b256!("16545f1eecd9d8ddd0e5ff5e3d074a1d9883e2e8945ca6cd20624ddfd2c496ea");
    /// A link of the queue chain.
    pub const QUEUE: B256 =
        b256!("c9d73a0e191fef0fb84c7f5e2fa9d595668beffcbfd6743fb84948bd5dcb3daf");
    /// A batch header.
    pub const HEADER: B256 =
        b256!("436a81a45fb868c9f1336f5414f0e1c293499c06880388a710617b4c4f3669c6");
    /// A link of the batch chain.
    pub const BATCH: B256 =
        b256!("061dd492f3bf0b87dc206ca60034590d4276d31910af06fbc75e90aa11b09004");
    /// The versioned hashes of a batch.
    pub const BLOBS: B256 =
        b256!("0513f3d93c1f30d5f7979a00f39b29b15909749e82ef65b71b6a10ccd3d60108");
    /// The chunks of a payload that a committee keeps.
    pub const PAYLOAD: B256 =
        b256!("c14bc63b8c09422267ecc668c863e1e657833df1e5241d995e3ae30ebe819a49");
    /// A payload that a committee keeps.
    pub const COMMITTEE: B256 =
        b256!("4b4e10d73335dcb90b084107660b1008c9228d8d1109540d86c402534f14b579");
    /// An output.
    pub const OUTPUT: B256 =
        b256!("240d4574624a247ac8ccc5e1694601f591cbc57b2f92b22a71460933b5275e1f");
    /// The content of a claim.
    pub const CONTENT: B256 =
        b256!("33c52e31ce74642dc974e064dacd21c63591f234910f7b43e7f65b0b0c71e331");
    /// An inner node of a claim's vector tree.
    pub const NODE: B256 =
        b256!("51a31ae5295b1d21751709f88751c50a0a7523af74e2a8c1471a7d4a8e8ee592");
    /// What a run of the program depends on.
    pub const BOOT: B256 =
        b256!("c60a6060a5ce5625644364dcae3525a889217d179170e08bfcee5d0b0a23b4d8");
    /// A state of the machine.
    pub const STATE: B256 =
        b256!("5a04cb56530452426264d90f584e61e97d6edc14357b9aa7cf86dfb0c64d170d");
    /// A doubt about an entry of a vector.
    pub const QUERY: B256 =
        b256!("724982bcc6cc7bc1789421433971b64249dce38fc30b6d1764f441c6a24cedf2");
    /// What a validity proof says.
    pub const PROOF: B256 =
        b256!("3ca473d9c6287352751d14833cca73e275d5ce701b9ec9a8af005f84c87e732f");
    /// The point at which a blob's polynomial is evaluated.
    pub const POINT: B256 =
        b256!("70c4b7fa842ada26442f2ec014af7d6506bd27d6824f089cd387a1b5b184058c");
    /// The blobs that a validity proof takes for read.
    pub const OPENINGS: B256 =
        b256!("7c6071dca9ad9dc790c6f954670b12bb1fcd41053b3f7eec5edc685e477c5cc7");
    /// A program of the zkVM.
    pub const PROGRAM: B256 =
        b256!("dbff75f55341fa5d0de6d0bcf3f7a82c227d6ceb803551f764fbc8a860b539c4");
    /// The batches whose signatures are shown.
    pub const SIGNATURES: B256 =
        b256!("fe4459ff69fe8d96fd7b1d526fb01858b80b7be6937d3023bdb1052ad82af250");
    /// The builds of one program for the fault proof and for the zkVM.
    pub const RELEASE: B256 =
        b256!("343ba7f3b3505213ff9a0d687751c8dbd3ec16bb31e32520040fb7836489f14e");
}

/// The words of one `abi.encode` of static values.
#[derive(Debug, Default)]
pub(crate) struct Words(Vec<u8>);

impl Words {
    pub(crate) fn domain(domain: B256) -> Self {
        Self(Vec::with_capacity(512)).word(domain)
    }

    pub(crate) fn word(mut self, word: B256) -> Self {
        self.0.extend_from_slice(word.as_slice());
        self
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.word(B256::from(U256::from(number)))
    }

    pub(crate) fn amount(self, amount: U256) -> Self {
        self.word(B256::from(amount))
    }

    pub(crate) fn address(self, address: Address) -> Self {
        self.word(address.into_word())
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.0.into()
    }

    pub(crate) fn hash(self) -> B256 {
        keccak256(&self.0)
    }
}

/// Reads what [`Words`] wrote. A word that does not fit its field is no such encoding.
#[derive(Debug)]
pub(crate) struct Fields<'a>(core::slice::Iter<'a, [u8; 32]>);

impl<'a> Fields<'a> {
    /// The words after the domain; `None` unless the bytes are whole words and the first is this domain.
    pub(crate) fn of(domain: B256, bytes: &'a [u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks();
        let mut fields = Self(words.iter());
        (rest.is_empty() && fields.word()? == domain).then_some(fields)
    }

    pub(crate) fn word(&mut self) -> Option<B256> {
        self.0.next().map(|word| B256::new(*word))
    }

    pub(crate) fn amount(&mut self) -> Option<U256> {
        self.word().map(Into::into)
    }

    pub(crate) fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(u64::try_from(self.amount()?).ok()?).ok()
    }

    pub(crate) fn address(&mut self) -> Option<Address> {
        let word = self.word()?;
        let address = Address::from_word(word);
        (address.into_word() == word).then_some(address)
    }

    /// `value`, if no word is left.
    pub(crate) fn end<T>(mut self, value: T) -> Option<T> {
        self.0.next().is_none().then_some(value)
    }

    /// All words that are left.
    pub(crate) fn rest(self) -> Vec<B256> {
        self.0.map(|word| B256::new(*word)).collect()
    }
}
