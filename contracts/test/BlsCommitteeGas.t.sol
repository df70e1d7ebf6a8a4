// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlsSignature, Certificate} from "../src/types/Certificate.sol";
import {BlsCommitteeDeployment} from "./utils/BlsCommitteeDeployment.sol";
import {BlsSigner} from "./utils/BlsSigner.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What a BLS committee costs on L1, whole transactions with their calldata; written to `snapshots/committee.json`.
///
/// forge-config: default.isolate = true
abstract contract BlsCommitteeGas is BlsCommitteeDeployment {
    /// @dev An L1 transaction has at most so much (EIP-7825).
    uint256 internal constant TRANSACTION_GAS_MAX = 16_777_216;

    function setUp() public override {
        super.setUp();
        _makeMembers();
        for (uint256 i; i < blsMembers.length; ++i) {
            _register(i);
        }
        _skip(1);
    }

    function _record(string memory name, uint256 most) internal {
        uint256 gas = vm.snapshotGasLastCall("committee", name);
        vm.assertLe(gas, most, name);
        vm.assertGt(gas, 21_000, name);
    }

    function _proposed(string memory name, uint256 most) internal {
        _proposeBls();
        _record(name, most);
        _skip(ROTATION_DELAY + OVERLAP + 1);
        _postPlain(hex"0100");
    }

    /// @dev The last call must be `postBatch`.
    function _postMeasured(uint256 signers, string memory name, uint256 most) internal {
        _skip(12);
        Certificate memory c = _certificate("payload", BLS_EPOCH);
        bytes memory aux = _blsAux(c, signers);
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(inbox.batchCount());
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.prank(batcher);
        inbox.postBatch(3, prevAcc, qEnd, queueAcc, 16, aux);
        _record(name, most);
    }
}

/// forge-config: default.isolate = true
contract BlsCommitteeGas21Test is BlsCommitteeGas {
    function test_gas_registry() public {
        bytes memory key = BlsSigner.keyOf(7);
        bytes memory proof = BlsSigner.prove(7, alice);
        registry.registerKey(alice, key, proof);
        _record("registerKey", 220_000);
        _proposed("proposeBls, 21 members", 1_500_000);
        Certificate memory first = _certificate("one", BLS_EPOCH);
        Certificate memory second = _certificate("another", BLS_EPOCH);
        BlsSignature memory one = _blsSigned(first, 1);
        BlsSignature memory another = _blsSigned(second, 1);
        registry.showBlsEquivocation(address(inbox), first, one, second, another);
        _record("showBlsEquivocation, one member", 400_000);
    }

    function test_gas_postBatch() public {
        _proposeBls();
        _skip(ROTATION_DELAY + OVERLAP + 1);
        _postPlain(hex"0100");
        _postMeasured(_quorum(), "postBatch, BLS, 14 of 21", 350_000);
    }

    function test_gas_postBatchAll() public {
        _proposeBls();
        _skip(ROTATION_DELAY + OVERLAP + 1);
        _postPlain(hex"0100");
        _postMeasured((1 << 21) - 1, "postBatch, BLS, 21 of 21", 340_000);
    }
}

/// forge-config: default.isolate = true
contract BlsCommitteeGas50Test is BlsCommitteeGas {
    function _blsCount() internal pure override returns (uint256) {
        return 50;
    }

    function test_gas_postBatch() public {
        _proposed("proposeBls, 50 members", 3_500_000);
        _postMeasured(_quorum(), "postBatch, BLS, 34 of 50", 365_000);
    }
}

/// forge-config: default.isolate = true
contract BlsCommitteeGas100Test is BlsCommitteeGas {
    function _blsCount() internal pure override returns (uint256) {
        return 100;
    }

    function test_gas_postBatch() public {
        _proposed("proposeBls, 100 members", 7_000_000);
        _postMeasured(_quorum(), "postBatch, BLS, 67 of 100", 390_000);
    }
}

/// forge-config: default.isolate = true
contract BlsCommitteeGas256Test is BlsCommitteeGas {
    function _blsCount() internal pure override returns (uint256) {
        return 256;
    }

    /// @dev As an owner does it: the timelock's execution is one transaction, too.
    function test_gas_rotationByTheTimelock() public {
        address[] memory members = blsMembers;
        bytes memory call =
            abi.encodeWithSelector(registry.proposeBls.selector, members, _blsKeys(), _blsThreshold(), 0);
        vm.prank(council);
        timelock.schedule(address(registry), 0, call, 0, 0, TIMELOCK_DELAY);
        _record("schedule proposeBls, 256 members", TRANSACTION_GAS_MAX);
        _skip(TIMELOCK_DELAY);
        vm.prank(council);
        timelock.execute(address(registry), 0, call, 0, 0);
        _record("execute proposeBls, 256 members", TRANSACTION_GAS_MAX);
        vm.assertEq(uint256(registry.epochCount()), 2);
    }

    function test_gas_postBatch() public {
        _proposed("proposeBls, 256 members", TRANSACTION_GAS_MAX);
        _postMeasured(_quorum(), "postBatch, BLS, 171 of 256", 470_000);
    }
}
