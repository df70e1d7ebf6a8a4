//! What happens on the chains of these tests.

use crate::{
    rollup::{Code, ETHER, sign, transfer, wallet, word, words},
    world::{Contract, Posted, World},
};
use alloy::signers::SignerSync;
use alloy_consensus::{TxEip1559, TxEip7702, TxLegacy};
use alloy_eips::eip7702::Authorization;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, b256, hex};
use mezz_derive::{BlockBody, Layout, to_blobs};

/// Somebody without a wallet.
pub(crate) const ALICE: Address = Address::repeat_byte(0x77);

/// A block with these transactions, which takes so many messages.
pub(crate) fn block(messages: u32, transactions: impl IntoIterator<Item = Bytes>) -> BlockBody {
    BlockBody { step: 2, messages, transactions: transactions.into_iter().collect() }
}

pub(crate) fn call(number: u8, nonce: u64, to: Address, input: impl Into<Bytes>) -> Bytes {
    let usual = transfer(nonce, to, 0);
    sign(number, TxEip1559 { gas_limit: 500_000, input: input.into(), ..usual })
}

/// `sstore(slot, value); sstore(0x99, blockhash(number - back))`
pub(crate) fn write(number: u8, nonce: u64, slot: u64, value: u64, back: u64) -> Bytes {
    call(number, nonce, Code::Writer.address(), words([slot, value, back].map(U256::from)))
}

pub(crate) fn token(number: u8, nonce: u64, to: Address, amount: u64) -> Bytes {
    call(number, nonce, Code::Token.address(), words([word(to), U256::from(amount)]))
}

pub(crate) fn creation(number: u8, nonce: u64) -> Bytes {
    let init = hex!("6001600c60003960016000f300");
    let usual = transfer(nonce, ALICE, 7);
    let tx = TxEip1559 { to: TxKind::Create, gas_limit: 100_000, input: init.into(), ..usual };
    sign(number, tx)
}

/// A hash and who signed it, as the precompile takes it.
pub(crate) fn signed() -> Bytes {
    let hash = B256::repeat_byte(0x11);
    let signature = wallet(1).sign_hash_sync(&hash).unwrap();
    let v = U256::from(27 + u8::from(signature.v()));
    words([hash.into(), v, signature.r(), signature.s()])
}

/// The precompile recovers who signed a hash.
pub(crate) fn recovery(number: u8, nonce: u64) -> Bytes {
    call(number, nonce, Address::with_last_byte(1), signed())
}

/// Signatures whose `R` was made from the point that the zkVM's sums begin with: a sum meets the first summand, or what is taken away in the end. Of each a hash,
/// `r` and `s`; `y` is even.
pub(crate) const MEETING: [[B256; 3]; 2] = [
    [
        B256::repeat_byte(0x11),
        b256!("de6297b82822f88c1a3b9a2b31f8a02458aea55082ad3147165f9cf26de65008"),
        b256!("355a2ce530d41013a00d061b15eebc22cd84c5ec22aec501dd6019064c89a7f8"),
    ],
    [
        B256::ZERO,
        b256!("71163e60a3d41ed5b84b76f2d5fa59d7f4fee45b4b3ab8eb4eace9f989c524e4"),
        b256!("1f291ddd774c742a9a63ac88b7d82da836a50545334316681dfe8baee9fa8fc5"),
    ],
];

/// Writes down who signed: what the precompile says of the input, in the slot of its last word.
pub(crate) const SIGNERS: Address = Address::repeat_byte(0x51);

pub(crate) fn signers() -> Contract {
    // calldatacopy(0, 0, calldatasize()); staticcall(gas(), 1, 0, 0x80, 0x80, 0x20); sstore(mload(0x60), mload(0x80))
    Contract::new(SIGNERS, hex!("365f5f376020608060805f60015afa506080516060515500").to_vec())
}

/// Wallet `number` lets its account run the token's code.
pub(crate) fn delegation(number: u8, nonce: u64) -> Bytes {
    let authorization = Authorization {
        chain_id: U256::from(crate::rollup::CHAIN.id),
        address: Code::Token.address(),
        nonce: nonce + 1,
    };
    let signature = wallet(number).sign_hash_sync(&authorization.signature_hash()).unwrap();
    let usual = transfer(nonce, wallet(number).address(), 0);
    let tx = TxEip7702 {
        chain_id: usual.chain_id,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: usual.max_fee_per_gas,
        max_priority_fee_per_gas: usual.max_priority_fee_per_gas,
        to: wallet(number).address(),
        value: U256::ZERO,
        access_list: Default::default(),
        authorization_list: vec![authorization.into_signed(signature)],
        input: words([word(ALICE), U256::from(3)]),
    };
    sign(number, tx)
}

/// Three funded wallets, in one block.
pub(crate) fn funded() -> World {
    fund(World::new())
}

/// Gives three wallets ether, in one block.
pub(crate) fn fund(mut world: World) -> World {
    world.l1_info(1_000_000_000);
    for number in 0..3 {
        let owner = wallet(number).address();
        world.deposit(owner, owner, 1000 * ETHER, 0, &[]);
    }
    world.post(Posted::Calldata, vec![block(4, [])]);
    world
}

/// A bit of everything: transfers, a token, a creation, precompiles, forced transactions, deposits, blobs, garbage, nothing.
pub(crate) fn busy() -> World {
    let mut world = funded();
    let (zero, one) = (wallet(0).address(), wallet(1).address());

    world.l1_info(2_000_000_000);
    world.deposit(ALICE, Code::Token.address(), 50, 20, &words([word(zero), U256::from(1)]));
    let users = [sign(0, transfer(1, one, 5)), token(0, 2, one, 1), sign(1, transfer(1, ALICE, 9))];
    let last = [creation(0, 3), write(0, 4, 5, 6, 2), recovery(0, 5)];
    world.post(Posted::Blobs, vec![block(1, users), block(1, []), block(0, last)]);

    // Badly encoded, so nothing but the messages is left of it.
    world.l1_info(3_000_000_000);
    world.force(sign(2, transfer(1, zero, 11)));
    world.force(sign(2, transfer(1, zero, 11)));
    world.force(Bytes::from_static(b"no transaction"));
    world.post_payload(Posted::Calldata, 2, b"no payload");

    let mut blobs = to_blobs(b"packed wrongly").unwrap();
    blobs[0][32 * 77] = 1;
    world.l1_info(4_000_000_000);
    world.post_blobs(1, blobs, None);

    world.deposit(ALICE, ALICE, 7, 0, &[]);
    world.post_nothing(1);

    world.l1_info(5_000_000_000);
    world.deposit(one, Code::Heir.address(), 8, 8, &words([word(ALICE)]));
    let users = [
        token(1, 2, zero, 1),
        write(1, 3, 5, 0, 5),
        delegation(1, 4),
        sign(
            0,
            TxLegacy {
                chain_id: Some(901),
                nonce: 6,
                gas_price: 1_000_000,
                gas_limit: 30_000,
                to: TxKind::Call(ALICE),
                ..TxLegacy::default()
            },
        ),
        sign(0, transfer(99, one, 5)),
        call(1, 6, Code::Reverter.address(), Bytes::new()),
    ];
    world.post(Posted::Calldata, vec![block(2, users), block(0, [token(1, 7, ALICE, 1)])]);

    // Without signatures, and then with them in blocks of the same form.
    for (layout, nonce) in [(Layout::Unsigned, 0), (Layout::Attributed, 3)] {
        world.l1_info(6_000_000_000);
        world.force(sign(2, transfer(2 + nonce / 3, zero, 12)));
        world.deposit(ALICE, ALICE, 7, 0, &[]);
        let legacy = TxLegacy {
            chain_id: (nonce == 0).then_some(901),
            nonce: 8 + nonce,
            gas_price: 1_000_000,
            gas_limit: 30_000,
            to: TxKind::Call(ALICE),
            ..TxLegacy::default()
        };
        let users = [creation(0, 7 + nonce), write(0, 8 + nonce, 7, 6, 2), sign(1, legacy)];
        let last = [
            delegation(1, 9 + nonce),
            sign(0, transfer(99, one, 5)),
            token(0, 9 + nonce, ALICE, 1),
        ];
        let blocks = vec![block(3, users), block(0, last)];
        let posted = if nonce == 0 { Posted::Blobs } else { Posted::Calldata };
        world.post_as(layout, posted, blocks);
    }
    world
}
