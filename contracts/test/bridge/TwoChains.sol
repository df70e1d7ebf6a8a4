// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "../../src/bridge/ICrossDomainMessenger.sol";
import {L1CrossDomainMessenger} from "../../src/bridge/L1CrossDomainMessenger.sol";
import {L1ERC721Bridge} from "../../src/bridge/L1ERC721Bridge.sol";
import {L1StandardBridge} from "../../src/bridge/L1StandardBridge.sol";
import {IPauseController, Pausable} from "../../src/interfaces/IPauseController.sol";
import {IPortal} from "../../src/interfaces/IPortal.sol";
import {L2CrossDomainMessenger} from "../../src/l2/L2CrossDomainMessenger.sol";
import {L2ERC721Bridge} from "../../src/l2/L2ERC721Bridge.sol";
import {L2StandardBridge} from "../../src/l2/L2StandardBridge.sol";
import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {OptimismMintableERC20Factory} from "../../src/l2/OptimismMintableERC20Factory.sol";
import {OptimismMintableERC721Factory} from "../../src/l2/OptimismMintableERC721Factory.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Aliasing} from "../../src/libraries/Aliasing.sol";
import {Test} from "../utils/Test.sol";
import {Vm, vm} from "../utils/Vm.sol";

/// @notice The parts of a portal that the bridge meets: deposits wait in an array, withdrawals are paid on demand.
/// @dev What proves a withdrawal is the real portal's business and tested there.
contract PortalHarness {
    struct Deposit {
        address from;
        address to;
        uint256 value;
        uint64 gasLimit;
        bytes data;
    }

    Deposit[] private _deposits;
    mapping(bytes32 => bool) public paid;
    address private transient _l2Sender;

    /// @dev The system config's, which this harness is too.
    address public l1StandardBridge;

    function setBridge(address bridge) external {
        l1StandardBridge = bridge;
    }

    function donateETH() external payable {}

    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool, bytes calldata data)
        external
        payable
    {
        require(value == msg.value, "portal: value");
        require(gasLimit >= 21_000 + 40 * data.length && gasLimit <= 4_000_000, "portal: gas limit");
        _deposits.push(Deposit(Aliasing.caller(), to, value, gasLimit, data));
    }

    /// @dev As the real portal: marked before the call, one at a time, reverts if the call fails.
    function pay(uint256 nonce, address sender, address target, uint256 value, uint256 gasLimit, bytes calldata data)
        external
    {
        bytes32 hash = keccak256(abi.encode(nonce, sender, target, value, gasLimit, data));
        require(L2ToL1MessagePasser(payable(Predeploys.L2_TO_L1_MESSAGE_PASSER)).sentMessages(hash), "portal: not sent");
        require(!paid[hash], "portal: paid");
        require(_l2Sender == address(0), "portal: nested");
        paid[hash] = true;
        _l2Sender = sender;
        require(gasleft() * 63 / 64 > gasLimit + 40_000, "portal: gas");
        (bool success,) = target.call{value: value}(data);
        require(success, "portal: call failed");
        _l2Sender = address(0);
    }

    function l2Sender() external view returns (address) {
        return _l2Sender == address(0) ? address(0xdEaD) : _l2Sender;
    }

    function systemConfig() external view returns (address) {
        return address(this);
    }

    function depositCount() external view returns (uint256) {
        return _deposits.length;
    }

    function depositAt(uint256 index) external view returns (Deposit memory) {
        return _deposits[index];
    }
}

/// @notice A pause controller with a switch.
contract PauseHarness {
    bool private _isOn;

    function set(bool isOn) external {
        _isOn = isOn;
    }

    function paused(Pausable what) external view returns (bool) {
        return _isOn && what == Pausable.Withdraw;
    }
}

/// @notice Both sides of the bridge in one EVM; messages cross when the test says so.
///
/// L2's ether is dealt when a deposit is delivered, as derivation mints it. Accounts of L1 and L2 must be different ones.
abstract contract TwoChains is Test {
    struct Withdrawal {
        uint256 nonce;
        address sender;
        address target;
        uint256 value;
        uint256 gasLimit;
        bytes data;
    }

    PortalHarness internal portal;
    PauseHarness internal pause;
    address internal inbox = _actor("inbox");
    address internal claimManager = _actor("claim manager");
    address internal systemConfig = _actor("system config");
    L1CrossDomainMessenger internal l1Messenger;
    L1StandardBridge internal l1Bridge;
    L1ERC721Bridge internal l1ERC721Bridge;

    L2CrossDomainMessenger internal constant l2Messenger = L2CrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
    L2StandardBridge internal constant l2Bridge = L2StandardBridge(payable(Predeploys.L2_STANDARD_BRIDGE));
    L2ERC721Bridge internal constant l2ERC721Bridge = L2ERC721Bridge(Predeploys.L2_ERC721_BRIDGE);
    L2ToL1MessagePasser internal constant passer = L2ToL1MessagePasser(payable(Predeploys.L2_TO_L1_MESSAGE_PASSER));
    OptimismMintableERC20Factory internal constant factory =
        OptimismMintableERC20Factory(Predeploys.OPTIMISM_MINTABLE_ERC20_FACTORY);
    OptimismMintableERC721Factory internal constant factory721 =
        OptimismMintableERC721Factory(Predeploys.OPTIMISM_MINTABLE_ERC721_FACTORY);

    /// @dev Withdrawals seen by `_collect`.
    Withdrawal[] internal withdrawals;
    /// @dev How often a messenger has relayed a message with success, as seen by `_collect`.
    mapping(address messenger => mapping(bytes32 msgHash => uint256)) internal relays;

    function _deployChains() internal {
        portal = new PortalHarness();
        pause = new PauseHarness();
        l1Messenger = new L1CrossDomainMessenger(IPortal(address(portal)), IPauseController(address(pause)));
        l1Bridge = new L1StandardBridge(l1Messenger);
        l1ERC721Bridge = new L1ERC721Bridge(l1Messenger);
        portal.setBridge(address(l1Bridge));

        vm.etch(address(l2Messenger), type(L2CrossDomainMessenger).runtimeCode);
        vm.etch(address(l2Bridge), type(L2StandardBridge).runtimeCode);
        vm.etch(address(l2ERC721Bridge), type(L2ERC721Bridge).runtimeCode);
        vm.etch(address(passer), type(L2ToL1MessagePasser).runtimeCode);
        vm.etch(address(factory), type(OptimismMintableERC20Factory).runtimeCode);
        vm.etch(address(factory721), type(OptimismMintableERC721Factory).runtimeCode);
        _setSlot(address(l2Messenger), 3, address(l1Messenger));
        _setSlot(address(l2Messenger), 4, address(portal));
        _setSlot(address(l2Messenger), 5, inbox);
        _setSlot(address(l2Messenger), 6, claimManager);
        _setSlot(address(l2Messenger), 7, systemConfig);
        _setSlot(address(l2Bridge), 1, address(l1Bridge));
        _setSlot(address(l2ERC721Bridge), 0, address(l1ERC721Bridge));
        vm.store(address(factory721), bytes32(uint256(1)), bytes32(uint256(1)));
        vm.recordLogs();
    }

    /// @dev Delivers a deposit as derivation does: mints, then calls with the gas that is left of its limit.
    function _deliver(uint256 index) internal returns (bool success) {
        PortalHarness.Deposit memory d = portal.depositAt(index);
        vm.deal(d.from, d.from.balance + d.value);
        uint256 gasLimit = d.gasLimit - _intrinsicGas(d.data);
        vm.prank(d.from, d.from);
        (success,) = d.to.call{value: d.value, gas: gasLimit}(d.data);
        _collect();
    }

    /// @dev Delivers the latest deposit.
    function _deliverLast() internal returns (bool) {
        return _deliver(portal.depositCount() - 1);
    }

    /// @dev Pays a withdrawal; a revert is passed on.
    function _pay(uint256 index) internal {
        Withdrawal memory w = withdrawals[index];
        portal.pay(w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data);
        _collect();
    }

    /// @dev Every contract of the rollup on L1 that must not be sent anything; the messenger and the portal first.
    function _partsOfL1() internal view returns (address[7] memory) {
        return [
            address(l1Messenger),
            address(portal),
            inbox,
            claimManager,
            systemConfig,
            address(l1Bridge),
            address(l1ERC721Bridge)
        ];
    }

    /// @dev Pays the latest withdrawal.
    function _payLast() internal {
        _collect();
        _pay(withdrawals.length - 1);
    }

    /// @dev Remembers the withdrawals and relays since the last call.
    function _collect() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics.length == 0) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == ICrossDomainMessenger.RelayedMessage.selector) {
                ++relays[logs[i].emitter][logs[i].topics[1]];
            } else if (topic == L2ToL1MessagePasser.MessagePassed.selector) {
                _remember(logs[i]);
            }
        }
    }

    /// @dev Replays a message: its data is a call of `relayMessage`.
    function _replay(ICrossDomainMessenger messenger, bytes memory relay) internal returns (bool success) {
        (success,) = address(messenger).call(relay);
        _collect();
    }

    /// @dev The hash that names a message is that of the call that relays it.
    function _isSuccessful(ICrossDomainMessenger messenger, bytes memory relay) internal view returns (bool) {
        return messenger.successfulMessages(keccak256(relay));
    }

    function _isFailed(ICrossDomainMessenger messenger, bytes memory relay) internal view returns (bool) {
        return messenger.failedMessages(keccak256(relay));
    }

    function _lastDeposit() internal view returns (PortalHarness.Deposit memory) {
        return portal.depositAt(portal.depositCount() - 1);
    }

    function _intrinsicGas(bytes memory data) internal pure returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }

    function _remember(Vm.Log memory log) private {
        (uint256 value, uint256 gasLimit, bytes memory data,) = abi.decode(log.data, (uint256, uint256, bytes, bytes32));
        withdrawals.push(
            Withdrawal({
                nonce: uint256(log.topics[1]),
                sender: address(uint160(uint256(log.topics[2]))),
                target: address(uint160(uint256(log.topics[3]))),
                value: value,
                gasLimit: gasLimit,
                data: data
            })
        );
    }

    function _setSlot(address who, uint256 slot, address value) private {
        vm.store(who, bytes32(slot), bytes32(uint256(uint160(value))));
    }
}
