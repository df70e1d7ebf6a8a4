//! The hashes of subtrees in which everything is zero.

use alloy_primitives::{B256, b256};

/// By level: a leaf, the node over two of them, and on to the root of an empty memory.
pub(crate) const ZEROS: [B256; 28] = [
    b256!("0000000000000000000000000000000000000000000000000000000000000000"),
    b256!("ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5"),
    b256!("b4c11951957c6f8f642c4af61cd6b24640fec6dc7fc607ee8206a99e92410d30"),
    b256!("21ddb9a356815c3fac1026b6dec5df3124afbadb485c9ba5a3e3398a04b7ba85"),
    b256!("e58769b32a1beaf1ea27375a44095a0d1fb664ce2dd358e7fcbfb78c26a19344"),
    b256!("0eb01ebfc9ed27500cd4dfc979272d1f0913cc9f66540d7e8005811109e1cf2d"),
    b256!("887c22bd8750d34016ac3c66b5ff102dacdd73f6b014e710b51e8022af9a1968"),
    b256!("ffd70157e48063fc33c97a050f7f640233bf646cc98d9524c6b92bcf3ab56f83"),
    b256!("9867cc5f7f196b93bae1e27e6320742445d290f2263827498b54fec539f756af"),
    b256!("cefad4e508c098b9a7e1d8feb19955fb02ba9675585078710969d3440f5054e0"),
    b256!("f9dc3e7fe016e050eff260334f18a5d4fe391d82092319f5964f2e2eb7c1c3a5"),
    b256!("f8b13a49e282f609c317a833fb8d976d11517c571d1221a265d25af778ecf892"),
    b256!("3490c6ceeb450aecdc82e28293031d10c7d73bf85e57bf041a97360aa2c5d99c"),
    b256!("c1df82d9c4b87413eae2ef048f94b4d3554cea73d92b0f7af96e0271c691e2bb"),
    b256!("5c67add7c6caf302256adedf7ab114da0acfe870d449a3a489f781d659e8becc"),
    b256!("da7bce9f4e8618b6bd2f4132ce798cdc7a60e7e1460a7299e3c6342a579626d2"),
    b256!("2733e50f526ec2fa19a22b31e8ed50f23cd1fdf94c9154ed3a7609a2f1ff981f"),
    b256!("e1d3b5c807b281e4683cc6d6315cf95b9ade8641defcb32372f1c126e398ef7a"),
    b256!("5a2dce0a8a7f68bb74560f8f71837c2c2ebbcbf7fffb42ae1896f13f7c7479a0"),
    b256!("b46a28b6f55540f89444f63de0378e3d121be09e06cc9ded1c20e65876d36aa0"),
    b256!("c65e9645644786b620e2dd2ad648ddfcbf4a7e5b1a3a4ecfe7f64667a3f0b7e2"),
    b256!("f4418588ed35a2458cffeb39b93d26f18d2ab13bdce6aee58e7b99359ec2dfd9"),
    b256!("5a9c16dc00d6ef18b7933a6f8dc65ccb55667138776f7dea101070dc8796e377"),
    b256!("4df84f40ae0c8229d0d6069e5c8f39a7c299677a09d367fc7b05e3bc380ee652"),
    b256!("cdc72595f74c7b1043d0e1ffbab734648c838dfb0527d971b602bc216c9619ef"),
    b256!("0abf5ac974a1ed57f4050aa510dd9c74f508277b39d7973bb2dfccc5eeb0618d"),
    b256!("b8cd74046ff337f0a7bf2c8e03e10f642c1886798d71806ab1e888d9e5ee87d0"),
    b256!("838c5655cb21c6cb83313b5a631175dff4963772cce9108188b34ac87c81c41e"),
];

#[cfg(test)]
mod tests {
    use super::ZEROS;
    use alloy_primitives::{B256, keccak256};

    #[test]
    fn each_is_the_hash_of_the_one_below_twice() {
        assert_eq!(ZEROS[0], B256::ZERO);
        for pair in ZEROS.windows(2) {
            assert_eq!(pair[1], keccak256([pair[0], pair[0]].concat()));
        }
    }
}
