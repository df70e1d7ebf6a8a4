// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDaChallenge} from "../../src/interfaces/IDaChallenge.sol";
import {Policy} from "../../src/interfaces/IProofRouter.sol";
import {SealedDeployment} from "./SealedDeployment.sol";

/// @notice A rollup with batches without signatures: the table of README.md for it as code.
///
/// The sealed inbox comes after the inbox, everything else one later, and the proofs of signatures at the end.
abstract contract SignatureDeployment is SealedDeployment {
    function _proves() internal pure override returns (bool) {
        return true;
    }

    function _policy() internal view virtual override returns (Policy) {
        return Policy.Fast;
    }

    function _unsigned() internal pure override returns (bool) {
        return true;
    }

    function _deployData() internal override {
        _deploySealed(IDaChallenge(address(0)));
    }

    function _sealedStep() internal pure override returns (uint256) {
        return 6;
    }

    function _place(uint256 step) internal pure override returns (uint256) {
        return step < 6 ? step : step + 1;
    }
}
