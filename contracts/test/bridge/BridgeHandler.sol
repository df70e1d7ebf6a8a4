// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICrossDomainMessenger} from "../../src/bridge/ICrossDomainMessenger.sol";
import {IERC721Bridge} from "../../src/bridge/IERC721Bridge.sol";
import {IStandardBridge} from "../../src/bridge/IStandardBridge.sol";
import {OptimismMintableERC20} from "../../src/l2/OptimismMintableERC20.sol";
import {OptimismMintableERC721} from "../../src/l2/OptimismMintableERC721.sol";
import {Aliasing} from "../../src/libraries/Aliasing.sol";
import {vm} from "../utils/Vm.sol";
import {Moody, Reentrant} from "./Recipients.sol";
import {FeeToken, PlainCollection, PlainToken, RebasingToken} from "./Tokens.sol";
import {TwoChains} from "./TwoChains.sol";

/// @notice Random users of the bridge: deposits and withdrawals of everything, in any order, to recipients of any mood, with too little
/// gas, with wrong pairs of tokens, replayed and re-entered. The numbered tests beside it say what must always hold.
contract BridgeHandler is TwoChains {
    struct Message {
        ICrossDomainMessenger destination;
        uint256 value;
        bytes data;
        bool isDelivered;
    }

    uint256 public constant IDS = 3;

    address[] public usersL1;
    address[] public usersL2;
    Moody public moodyL1 = new Moody();
    Moody public moodyL2 = new Moody();
    Reentrant public reentrantL1 = new Reentrant();
    Reentrant public reentrantL2 = new Reentrant();

    /// @dev Plain, with a fee, rebasing.
    address[] public tokens;
    address[] public likenesses;
    PlainCollection public art = new PlainCollection();
    OptimismMintableERC721 public artL2;

    uint256 public delivered;
    /// @dev Wei of withdrawals that L1 has paid.
    uint256 public paidValue;
    /// @dev Deposits whose transaction on L2 reverted: there must be none.
    uint256 public lostDeposits;

    constructor() {
        _deployChains();
        for (uint256 i; i < 3; ++i) {
            usersL1.push(_actor(string.concat("L1 user ", vm.toString(i))));
            usersL2.push(_actor(string.concat("L2 user ", vm.toString(i))));
            vm.deal(usersL1[i], 1e6 ether);
        }
        tokens = [address(new PlainToken()), address(new FeeToken()), address(new RebasingToken())];
        for (uint256 i; i < tokens.length; ++i) {
            likenesses.push(factory.createOptimismMintableERC20(tokens[i], "likeness", "L"));
            for (uint256 j; j < usersL1.length; ++j) {
                PlainToken(tokens[i]).mint(usersL1[j], 1e24);
                vm.prank(usersL1[j]);
                PlainToken(tokens[i]).approve(address(l1Bridge), type(uint256).max);
            }
        }
        artL2 = OptimismMintableERC721(factory721.createOptimismMintableERC721(address(art), "art", "A"));
        for (uint256 i; i < IDS; ++i) {
            art.mint(usersL1[i], i);
            vm.prank(usersL1[i]);
            art.setApprovalForAll(address(l1ERC721Bridge), true);
        }
    }

    // What users do.

    function depositEther(uint256 who, uint256 to, uint256 amount, uint256 gas) external {
        vm.prank(usersL1[who % 3]);
        l1Bridge.bridgeETHTo{value: _bound(amount, 0, 10 ether)}(_recipientL2(to), _gas(gas), "");
    }

    function withdrawEther(uint256 who, uint256 to, uint256 amount, uint256 gas) external {
        address user = usersL2[who % 3];
        amount = _bound(amount, 0, user.balance);
        vm.prank(user);
        l2Bridge.bridgeETHTo{value: amount}(_recipientL1(to), _gas(gas), "");
        _collect();
    }

    function sendToL2(uint256 who, uint256 to, uint256 amount, uint256 gas) external {
        vm.prank(usersL1[who % 3]);
        l1Messenger.sendMessage{value: _bound(amount, 0, 10 ether)}(
            _recipientL2(to), abi.encodeCall(Moody.hear, (l2Messenger)), _gas(gas)
        );
    }

    function sendToL1(uint256 who, uint256 to, uint256 amount, uint256 gas) external {
        address user = usersL2[who % 3];
        amount = _bound(amount, 0, user.balance);
        vm.prank(user);
        l2Messenger.sendMessage{value: amount}(_recipientL1(to), abi.encodeCall(Moody.hear, (l1Messenger)), _gas(gas));
        _collect();
    }

    function depositToken(uint256 token, uint256 wrong, uint256 who, uint256 to, uint256 amount, uint256 gas) external {
        token %= 3;
        // One time in eight the likeness is that of another token.
        address likeness = likenesses[wrong % 8 == 0 ? (token + 1) % 3 : token];
        vm.prank(usersL1[who % 3]);
        l1Bridge.bridgeERC20To(tokens[token], likeness, usersL2[to % 3], _bound(amount, 0, 1e22), _gas(gas), "");
    }

    function withdrawToken(uint256 token, uint256 who, uint256 to, uint256 amount, uint256 gas) external {
        OptimismMintableERC20 likeness = OptimismMintableERC20(likenesses[token % 3]);
        address user = usersL2[who % 3];
        vm.startPrank(user);
        l2Bridge.withdrawTo(
            address(likeness), usersL1[to % 3], _bound(amount, 0, likeness.balanceOf(user)), _gas(gas), ""
        );
        vm.stopPrank();
        _collect();
    }

    function moveArt(uint256 id, uint256 to, uint256 wrong, uint256 gas) external {
        id %= IDS;
        address owner = art.ownerOf(id);
        if (owner != address(l1ERC721Bridge)) {
            address likeness = wrong % 4 == 0 ? likenesses[0] : address(artL2);
            vm.prank(owner);
            l1ERC721Bridge.bridgeERC721To(address(art), likeness, _recipientL2(to), id, _gas(gas), "");
        } else {
            vm.startPrank(artL2.ownerOf(id));
            l2ERC721Bridge.bridgeERC721To(address(artL2), address(art), usersL1[to % 3], id, _gas(gas), "");
            vm.stopPrank();
            _collect();
        }
    }

    // What the chains do.

    function deliver(uint256 count) external {
        for (count = _bound(count, 1, 4); count > 0 && delivered < portal.depositCount(); --count) {
            if (!_deliver(delivered++)) ++lostDeposits;
        }
    }

    function pay(uint256 index) external {
        if (withdrawals.length == 0) return;
        _payAndCount(index % withdrawals.length);
    }

    function replay(uint256 index) external {
        uint256 count = messageCount();
        if (count == 0) return;
        Message memory m = messageAt(index % count);
        _replay(m.destination, m.data);
    }

    function setMood(uint256 mood, bool isL1) external {
        (isL1 ? moodyL1 : moodyL2).setMood(Moody.Mood(mood % 4));
    }

    function rebase(uint256 percent) external {
        RebasingToken(tokens[2]).rebase(_bound(percent, 50, 150));
    }

    /// @dev Points a recipient at a message of its own side: it will replay it while it receives another.
    function arm(uint256 index, bool isL1) external {
        uint256 count = messageCount();
        if (count == 0) return;
        Message memory m = messageAt(index % count);
        (isL1 ? reentrantL1 : reentrantL2).arm(address(m.destination), m.data);
    }

    /// @dev Points a recipient at the portal: it will pay a withdrawal while it receives one.
    function armWithPortal(uint256 index) external {
        if (withdrawals.length == 0) return;
        Withdrawal memory w = withdrawals[index % withdrawals.length];
        reentrantL1.arm(
            address(portal), abi.encodeCall(portal.pay, (w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data))
        );
    }

    // What the tests ask.

    function selectors() external pure returns (bytes4[] memory all) {
        all = new bytes4[](13);
        all[0] = this.depositEther.selector;
        all[1] = this.withdrawEther.selector;
        all[2] = this.sendToL2.selector;
        all[3] = this.sendToL1.selector;
        all[4] = this.depositToken.selector;
        all[5] = this.withdrawToken.selector;
        all[6] = this.moveArt.selector;
        all[7] = this.deliver.selector;
        all[8] = this.pay.selector;
        all[9] = this.replay.selector;
        all[10] = this.setMood.selector;
        all[11] = this.arm.selector;
        all[12] = this.armWithPortal.selector;
    }

    /// @dev Lets everybody accept, delivers, pays and replays until nothing is left to do.
    function settle() external {
        moodyL1.setMood(Moody.Mood.Accept);
        moodyL2.setMood(Moody.Mood.Accept);
        reentrantL1.disarm();
        reentrantL2.disarm();
        // The wrong pairs come back in the second round, and their returns are paid in the third.
        for (uint256 round; round < 4; ++round) {
            while (delivered < portal.depositCount()) {
                if (!_deliver(delivered++)) ++lostDeposits;
            }
            for (uint256 i; i < withdrawals.length; ++i) {
                _payAndCount(i);
            }
            for (uint256 i; i < messageCount(); ++i) {
                Message memory m = messageAt(i);
                if (!_isSuccessful(m.destination, m.data)) _replay(m.destination, m.data);
            }
        }
    }

    /// @dev Messages in both directions; every withdrawal here goes to the messenger.
    function messageCount() public view returns (uint256) {
        return portal.depositCount() + withdrawals.length;
    }

    function messageAt(uint256 index) public view returns (Message memory) {
        uint256 deposits = portal.depositCount();
        if (index < deposits) {
            return Message({
                destination: l2Messenger,
                value: portal.depositAt(index).value,
                data: portal.depositAt(index).data,
                isDelivered: index < delivered
            });
        }
        Withdrawal memory w = withdrawals[index - deposits];
        return Message({destination: l1Messenger, value: w.value, data: w.data, isDelivered: portal.paid(_hash(w))});
    }

    function isSuccessful(Message memory m) public view returns (bool) {
        return _isSuccessful(m.destination, m.data);
    }

    function isFailed(Message memory m) public view returns (bool) {
        return _isFailed(m.destination, m.data);
    }

    function relaysOf(Message memory m) public view returns (uint256) {
        return relays[address(m.destination)][keccak256(m.data)];
    }

    /// @dev Ether that accounts and contracts of L2 hold; what left for L1 is in the message passer.
    function etherOnL2() external view returns (uint256 sum) {
        for (uint256 i; i < usersL2.length; ++i) {
            sum += usersL2[i].balance;
        }
        sum += address(moodyL2).balance + address(reentrantL2).balance;
        sum += address(l2Messenger).balance + address(l2Bridge).balance;
        sum += Aliasing.toL2(address(l1Messenger)).balance;
    }

    function etherLeavingL2() external view returns (uint256) {
        return address(passer).balance - paidValue;
    }

    function etherComingToL2() external view returns (uint256 sum) {
        for (uint256 i = delivered; i < portal.depositCount(); ++i) {
            sum += portal.depositAt(i).value;
        }
    }

    function portalBalance() external view returns (uint256) {
        return address(portal).balance;
    }

    function messengerBalance(bool isL1) external view returns (uint256) {
        return isL1 ? address(l1Messenger).balance : address(l2Messenger).balance;
    }

    function messenger(bool isL1) external view returns (address) {
        return isL1 ? address(l1Messenger) : address(l2Messenger);
    }

    function lockedTokens(address token, address likeness) external view returns (uint256) {
        return l1Bridge.deposits(token, likeness);
    }

    function tokensInBridge(address token) external view returns (uint256) {
        return PlainToken(token).balanceOf(address(l1Bridge));
    }

    /// @dev Tokens of each pair in messages that have not succeeded yet.
    function tokensInFlight() external view returns (uint256[3][3] memory sums) {
        for (uint256 i; i < messageCount(); ++i) {
            Message memory m = messageAt(i);
            (bytes4 selector, address local, address remote, uint256 amount) = _transfer(m.data);
            if (selector != IStandardBridge.finalizeBridgeERC20.selector || isSuccessful(m)) continue;
            (address token, address likeness) =
                address(m.destination) == address(l1Messenger) ? (local, remote) : (remote, local);
            for (uint256 j; j < 9; ++j) {
                if (tokens[j / 3] == token && likenesses[j % 3] == likeness) sums[j / 3][j % 3] += amount;
            }
        }
    }

    /// @dev Messages with token `id` of the collection that have not succeeded yet.
    function artInFlight(uint256 id) external view returns (uint256 count) {
        for (uint256 i; i < messageCount(); ++i) {
            Message memory m = messageAt(i);
            (bytes4 selector,,, uint256 tokenId) = _transfer(m.data);
            if (selector == IERC721Bridge.finalizeBridgeERC721.selector && tokenId == id && !isSuccessful(m)) ++count;
        }
    }

    function isArtOnL1(uint256 id) external view returns (bool) {
        return art.ownerOf(id) != address(l1ERC721Bridge);
    }

    function isArtOnL2(uint256 id) external view returns (bool) {
        try artL2.ownerOf(id) {
            return true;
        } catch {
            return false;
        }
    }

    function _payAndCount(uint256 index) private {
        bytes32 hash = _hash(withdrawals[index]);
        if (portal.paid(hash)) return;
        uint256 before = address(portal).balance;
        try this.payFromOutside(index) {
            // A re-entrant recipient may try to pay others on the way; the portal's balance tells what left.
            paidValue += before - address(portal).balance;
        } catch {}
    }

    function payFromOutside(uint256 index) external {
        _pay(index);
    }

    /// @dev The call that a message makes on a bridge; zeros if it makes none.
    function _transfer(bytes memory relay)
        private
        pure
        returns (bytes4 selector, address local, address remote, uint256 amount)
    {
        (,,,,, bytes memory message) =
            abi.decode(_arguments(relay), (uint256, address, address, uint256, uint256, bytes));
        if (message.length < 4) return (0, address(0), address(0), 0);
        selector = bytes4(message);
        bool isTransfer = selector == IStandardBridge.finalizeBridgeERC20.selector
            || selector == IERC721Bridge.finalizeBridgeERC721.selector;
        if (!isTransfer) return (selector, address(0), address(0), 0);
        (local, remote,,, amount,) =
            abi.decode(_arguments(message), (address, address, address, address, uint256, bytes));
    }

    function _arguments(bytes memory encoded) private pure returns (bytes memory arguments) {
        arguments = new bytes(encoded.length - 4);
        assembly ("memory-safe") {
            mcopy(add(arguments, 0x20), add(encoded, 0x24), mload(arguments))
        }
    }

    function _hash(Withdrawal memory w) private pure returns (bytes32) {
        return keccak256(abi.encode(w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data));
    }

    function _recipientL1(uint256 to) private view returns (address) {
        to %= 5;
        return to < 3 ? usersL1[to] : to == 3 ? address(moodyL1) : address(reentrantL1);
    }

    function _recipientL2(uint256 to) private view returns (address) {
        to %= 5;
        return to < 3 ? usersL2[to] : to == 3 ? address(moodyL2) : address(reentrantL2);
    }

    /// @dev Often enough gas, sometimes none.
    function _gas(uint256 gas) private pure returns (uint32) {
        return uint32(gas % 4 == 0 ? 0 : _bound(gas, 200_000, 600_000));
    }
}
