// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @notice A token that anybody can make.
contract PlainToken is ERC20("Plain", "PLN") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice A token that keeps one percent of each transfer.
contract FeeToken is PlainToken {
    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount / 100;
        super._update(from, to, amount - fee);
        if (fee > 0) super._update(from, address(0xfee), fee);
    }
}

/// @notice A token whose balances are shares of a supply that grows and shrinks.
contract RebasingToken {
    uint256 public percent = 100;
    mapping(address => uint256) private _shares;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        _shares[to] += amount * 100 / percent;
    }

    function rebase(uint256 percent_) external {
        percent = percent_;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function balanceOf(address who) external view returns (uint256) {
        return _shares[who] * percent / 100;
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        uint256 shares = (amount * 100 + percent - 1) / percent;
        _shares[from] -= shares;
        _shares[to] += shares;
        return true;
    }
}

/// @notice A token that calls its holder before it moves, as ERC-777 does.
contract HookToken is PlainToken {
    function _update(address from, address to, uint256 amount) internal override {
        if (from.code.length > 0) ITokenHook(from).tokensToSend(to, amount);
        super._update(from, to, amount);
    }
}

interface ITokenHook {
    function tokensToSend(address to, uint256 amount) external;
}

/// @notice A collection that anybody can make tokens of.
contract PlainCollection is ERC721("Plain", "PLN") {
    function mint(address to, uint256 tokenId) external {
        _mint(to, tokenId);
    }
}
