// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// A library whose address the linker writes into the code.
library Shares {
    function forAmount(uint256 amount, uint256 total, uint256 supply) external pure returns (uint256) {
        return supply == 0 ? amount : amount * supply / total;
    }
}

/// Ether for shares; only the keeper ends it. Two immutables and a library are in its code.
contract Vault {
    error Vault_NotKeeper(address caller);
    error Vault_Early(uint256 opens);

    event Entered(address indexed who, uint256 amount, uint256 shares);

    address public immutable keeper;
    uint256 public immutable opens;
    uint256 public supply;
    mapping(address => uint256) public sharesOf;

    constructor(address keeper_, uint256 opens_) payable {
        keeper = keeper_;
        opens = opens_;
    }

    function enter() external payable returns (uint256 shares) {
        shares = Shares.forAmount(msg.value, address(this).balance - msg.value, supply);
        sharesOf[msg.sender] += shares;
        supply += shares;
        emit Entered(msg.sender, msg.value, shares);
    }

    function exit() external {
        if (block.timestamp < opens) revert Vault_Early(opens);
        uint256 shares = sharesOf[msg.sender];
        uint256 amount = address(this).balance * shares / supply;
        sharesOf[msg.sender] = 0;
        supply -= shares;
        (bool paid,) = msg.sender.call{value: amount}("");
        require(paid, "not paid");
    }

    function end() external {
        if (msg.sender != keeper) revert Vault_NotKeeper(msg.sender);
        (bool paid,) = keeper.call{value: address(this).balance}("");
        require(paid, "not paid");
    }
}
