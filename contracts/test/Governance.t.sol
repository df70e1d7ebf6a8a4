// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Deployer} from "../src/Deployer.sol";
import {SystemConfig} from "../src/SystemConfig.sol";
import {PauseController} from "../src/governance/PauseController.sol";
import {IInbox} from "../src/interfaces/IInbox.sol";
import {IPauseController, Pausable} from "../src/interfaces/IPauseController.sol";
import {ISystemConfig} from "../src/interfaces/ISystemConfig.sol";
import {Deployment} from "./utils/Deployment.sol";
import {vm} from "./utils/Vm.sol";

contract SystemConfigTest is Deployment {
    function _expectMessage(uint256 key, uint256 value) private {
        vm.expectEmit(true, true, true, true, address(inbox));
        emit IInbox.MessageEnqueued(
            1, 3, address(0), address(0), 0, 0, uint64(block.number), uint64(block.timestamp), abi.encode(key, value)
        );
    }

    function _owner() private {
        vm.prank(address(timelock));
    }

    function test_setters_tellL2() public {
        uint256 snapshot = vm.snapshotState();
        _expectMessage(0, 125_000_000);
        _owner();
        config.setGasLimit(125_000_000);
        vm.assertEq(uint256(config.gasLimit()), 125_000_000);
        vm.revertToState(snapshot);

        _expectMessage(1, (uint256(7) << 32) | 8);
        _owner();
        config.setGasConfigEcotone(7, 8);
        vm.assertEq(config.scalar(), (uint256(1) << 248) | (uint256(8) << 32) | 7);
        vm.revertToState(snapshot);

        _expectMessage(2, (uint256(9) << 64) | 10);
        _owner();
        config.setOperatorFeeScalars(9, 10);
        vm.assertEq(uint256(config.operatorFeeConstant()), 10);
        vm.assertEq(uint256(config.operatorFeeScalar()), 9);
        vm.revertToState(snapshot);

        _expectMessage(3, (uint256(50) << 32) | 10);
        _owner();
        config.setEIP1559Params(50, 10);
        vm.assertEq(uint256(config.eip1559Denominator()), 50);
        vm.assertEq(uint256(config.eip1559Elasticity()), 10);
        vm.revertToState(snapshot);

        _expectMessage(4, 1 gwei);
        _owner();
        config.setMinBaseFee(1 gwei);
        vm.assertEq(uint256(config.minBaseFee()), 1 gwei);
        vm.revertToState(snapshot);

        vm.expectEmit(true, true, true, true, address(config));
        emit ISystemConfig.ConfigUpdate(0, ISystemConfig.UpdateType.BATCHER, abi.encode(uint256(uint160(bob))));
        _expectMessage(5, uint160(bob));
        vm.prank(operator);
        config.setBatcher(bob);
        vm.assertEq(inbox.batcher(), bob);
        vm.assertEq(config.batcherHash(), bytes32(uint256(uint160(bob))));
    }

    function test_setters_stranger_reverts() public {
        bytes memory notOwner = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, operator);
        vm.startPrank(operator);
        vm.expectRevert(notOwner);
        config.setGasLimit(100_000_000);
        vm.expectRevert(notOwner);
        config.setGasConfigEcotone(1, 1);
        vm.expectRevert(notOwner);
        config.setOperatorFeeScalars(1, 1);
        vm.expectRevert(notOwner);
        config.setEIP1559Params(50, 10);
        vm.expectRevert(notOwner);
        config.setMinBaseFee(1);
        vm.expectRevert(notOwner);
        config.setOperator(bob);
        vm.stopPrank();
        bytes memory unauthorized = abi.encodeWithSelector(ISystemConfig.SystemConfig_Unauthorized.selector, batcher);
        vm.startPrank(batcher);
        vm.expectRevert(unauthorized);
        config.setBatcher(bob);
        vm.expectRevert(unauthorized);
        config.setUnsafeBlockSigner(bob);
    }

    function test_setters_bounds_reverts() public {
        vm.startPrank(address(timelock));
        _expectBad("gasLimit");
        config.setGasLimit(95_999_999);
        _expectBad("gasLimit");
        config.setGasLimit(125_000_001);
        _expectBad("gasLimit");
        config.setGasLimit(type(uint64).max);
        _expectBad("eip1559Denominator");
        config.setEIP1559Params(1, 6);
        _expectBad("eip1559Denominator");
        config.setEIP1559Params(10_001, 6);
        _expectBad("eip1559Elasticity");
        config.setEIP1559Params(250, 0);
        _expectBad("eip1559Elasticity");
        config.setEIP1559Params(250, 101);
        _expectBad("minBaseFee");
        config.setMinBaseFee(1_000 gwei + 1);
    }

    function _expectBad(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(ISystemConfig.SystemConfig_BadParameter.selector, name));
    }

    function test_owner_movesInTwoSteps() public {
        _owner();
        config.transferOwnership(bob);
        vm.assertEq(config.owner(), address(timelock));
        vm.prank(bob);
        config.acceptOwnership();
        vm.assertEq(config.owner(), bob);
    }

    function test_timelock_actsAfterItsDelayOnly() public {
        bytes memory call = abi.encodeCall(config.setGasLimit, (110_000_000));
        vm.prank(council);
        timelock.schedule(address(config), 0, call, 0, 0, TIMELOCK_DELAY);
        vm.warp(block.timestamp + TIMELOCK_DELAY - 1);
        vm.expectRevert();
        vm.prank(council);
        timelock.execute(address(config), 0, call, 0, 0);
        vm.warp(block.timestamp + 1);
        vm.prank(council);
        timelock.execute(address(config), 0, call, 0, 0);
        vm.assertEq(uint256(config.gasLimit()), 110_000_000);
    }

    function test_getters_opAbi() public view {
        vm.assertEq(config.l2ChainId(), CHAIN_ID);
        vm.assertEq(config.optimismPortal(), address(portal));
        vm.assertEq(config.disputeGameFactory(), address(games));
        vm.assertEq(config.l1CrossDomainMessenger(), address(messenger));
        vm.assertEq(config.l1StandardBridge(), address(bridge));
        vm.assertEq(config.l1ERC721Bridge(), address(nftBridge));
        vm.assertEq(config.optimismMintableERC20Factory(), address(tokenFactory));
        vm.assertEq(config.batchInbox(), address(inbox));
        vm.assertEq(config.unsafeBlockSigner(), signer);
        vm.assertEq(config.startBlock(), 100);
    }
}

contract PauseControllerTest is Deployment {
    function _pause(Pausable what) private {
        vm.prank(guardian);
        pauses.pause(what);
    }

    function test_pause_stranger_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IPauseController.PauseController_Unauthorized.selector, council));
        vm.prank(council);
        pauses.pause(Pausable.Deposit);
    }

    function test_pause_isOfOneKind() public {
        _pause(Pausable.Withdraw);
        vm.assertTrue(pauses.paused(Pausable.Withdraw));
        vm.assertFalse(pauses.paused(Pausable.Deposit));
        vm.assertFalse(pauses.paused(Pausable.Interop));
        vm.assertFalse(pauses.paused(Pausable.Post));
    }

    function test_pause_cooldown_reverts() public {
        _pause(Pausable.Post);
        uint64 end = uint64(block.timestamp) + PAUSE_MAX;
        bytes memory cooling =
            abi.encodeWithSelector(IPauseController.PauseController_CoolingDown.selector, end + COOLDOWN);
        vm.expectRevert(cooling);
        _pause(Pausable.Post);
        vm.warp(end + COOLDOWN - 1);
        vm.expectRevert(cooling);
        _pause(Pausable.Post);
        vm.warp(end + COOLDOWN);
        _pause(Pausable.Post);
    }

    function test_extend_once() public {
        vm.startPrank(council);
        vm.expectRevert(IPauseController.PauseController_NotPaused.selector);
        pauses.extend(Pausable.Deposit);
        vm.stopPrank();
        _pause(Pausable.Deposit);
        vm.startPrank(council);
        pauses.extend(Pausable.Deposit);
        vm.expectRevert(IPauseController.PauseController_ExtendedAlready.selector);
        pauses.extend(Pausable.Deposit);
        vm.warp(block.timestamp + 2 * PAUSE_MAX - 1);
        vm.assertTrue(pauses.paused(Pausable.Deposit));
        vm.warp(block.timestamp + 1);
        vm.assertFalse(pauses.paused(Pausable.Deposit));
        (uint64 until, bool extended) = pauses.pauseOf(Pausable.Deposit);
        vm.assertEq(uint256(until), block.timestamp);
        vm.assertTrue(extended);
    }

    function test_extend_stranger_reverts() public {
        _pause(Pausable.Deposit);
        vm.expectRevert(abi.encodeWithSelector(IPauseController.PauseController_Unauthorized.selector, guardian));
        vm.prank(guardian);
        pauses.extend(Pausable.Deposit);
    }

    function test_lift_endsThePauseAndStartsTheCooldown() public {
        _pause(Pausable.Interop);
        vm.expectRevert(abi.encodeWithSelector(IPauseController.PauseController_Unauthorized.selector, alice));
        vm.prank(alice);
        pauses.lift(Pausable.Interop);
        vm.prank(council);
        pauses.lift(Pausable.Interop);
        vm.assertFalse(pauses.paused(Pausable.Interop));
        vm.expectRevert(IPauseController.PauseController_NotPaused.selector);
        vm.prank(council);
        pauses.lift(Pausable.Interop);
        vm.expectPartialRevert(IPauseController.PauseController_CoolingDown.selector);
        _pause(Pausable.Interop);
    }

    function test_setGuardian() public {
        vm.expectRevert(abi.encodeWithSelector(IPauseController.PauseController_Unauthorized.selector, guardian));
        vm.prank(guardian);
        pauses.setGuardian(bob);
        vm.startPrank(council);
        vm.expectRevert(IPauseController.PauseController_Zero.selector);
        pauses.setGuardian(address(0));
        pauses.setGuardian(bob);
        vm.stopPrank();
        vm.assertEq(portal.guardian(), bob);
    }
}

contract DeployerTest is Deployment {
    bytes private constant CODE = hex"60016000f3";

    function test_deploy_stranger_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(Deployer.Deployer_Unauthorized.selector, alice));
        vm.prank(alice);
        deployer.deploy(15, CODE, 0);
    }

    function test_deploy_wrongStep_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(Deployer.Deployer_WrongStep.selector, 16));
        deployer.deploy(12, CODE, 0);
        vm.expectRevert(abi.encodeWithSelector(Deployer.Deployer_WrongStep.selector, 16));
        deployer.deploy(17, CODE, 0);
    }

    function test_deploy_wrongValue_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(Deployer.Deployer_WrongValue.selector, 0));
        deployer.deploy(16, CODE, 1);
    }

    function test_deploy_failingConstructor_bubblesAndTakesNoStep() public {
        bytes memory code = abi.encodePacked(
            type(PauseController).creationCode, abi.encode(address(0), council, PAUSE_MAX, COOLDOWN, address(0))
        );
        vm.expectRevert(IPauseController.PauseController_Zero.selector);
        deployer.deploy(16, code, 0);
        vm.assertEq(deployer.deployments(), 16);
    }

    function test_addressOf_everyStep() public {
        Deployer fresh = new Deployer(address(this));
        vm.deal(address(this), 200);
        for (uint256 step; step < 127; ++step) {
            vm.assertEq(fresh.deploy{value: 1}(step, CODE, 1), fresh.addressOf(step));
        }
        vm.assertEq(fresh.addressOf(126).balance, 1);
        vm.expectRevert(abi.encodeWithSelector(Deployer.Deployer_StepTooLarge.selector, 127));
        fresh.addressOf(127);
    }

    function test_constructor_zero_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(Deployer.Deployer_Unauthorized.selector, address(0)));
        new Deployer(address(0));
    }
}
