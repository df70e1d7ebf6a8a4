// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm, vm} from "./Vm.sol";

/// @notice Base of every test: forge runs its functions named `test*` and `invariant_*`.
///
/// Assertions are forge's own cheatcodes (`vm.assertEq`). For a stateful invariant the test names the contracts that forge may
/// call with `_target`.
abstract contract Test {
    bool public constant IS_TEST = true;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address[] private _targets;
    FuzzSelector[] private _selectors;

    /// @dev Lets invariant runs call any function of `target`.
    function _target(address target) internal {
        _targets.push(target);
    }

    /// @dev Lets invariant runs call these functions of `target` only.
    function _target(address target, bytes4[] memory selectors) internal {
        _targets.push(target);
        _selectors.push(FuzzSelector(target, selectors));
    }

    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory) {
        return _selectors;
    }

    /// @dev An address of which nobody knows the key, the same for the same name.
    function _actor(string memory name) internal returns (address who) {
        who = address(uint160(uint256(keccak256(bytes(name)))));
        vm.label(who, name);
    }

    /// @dev Folds any number into `[low, high]`.
    function _bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        if (x >= low && x <= high) return x;
        uint256 size = high - low + 1;
        return size == 0 ? x : low + (x % size);
    }

    function _skip(uint256 time) internal {
        vm.warp(block.timestamp + time);
        vm.roll(block.number + time / 12 + 1);
    }
}
