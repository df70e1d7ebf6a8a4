// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Deployer} from "../../src/Deployer.sol";
import {Inbox} from "../../src/Inbox.sol";
import {Portal} from "../../src/Portal.sol";
import {SystemConfig} from "../../src/SystemConfig.sol";
import {ClaimManager} from "../../src/claims/ClaimManager.sol";
import {DisputeGameFactory} from "../../src/claims/DisputeGameFactory.sol";
import {ProgramRegistry} from "../../src/claims/ProgramRegistry.sol";
import {ProofRouter} from "../../src/claims/ProofRouter.sol";
import {QueryGame} from "../../src/claims/QueryGame.sol";
import {RiscVStep} from "../../src/claims/RiscVStep.sol";
import {BlobDa} from "../../src/da/BlobDa.sol";
import {CalldataDa} from "../../src/da/CalldataDa.sol";
import {PauseController} from "../../src/governance/PauseController.sol";
import {L1CrossDomainMessenger} from "../../src/bridge/L1CrossDomainMessenger.sol";
import {L1ERC721Bridge} from "../../src/bridge/L1ERC721Bridge.sol";
import {L1MintableERC20Factory} from "../../src/bridge/L1MintableERC20Factory.sol";
import {L1StandardBridge} from "../../src/bridge/L1StandardBridge.sol";
import {Policy} from "../../src/interfaces/IProofRouter.sol";
import {Hashing} from "../../src/libraries/Hashing.sol";
import {Claim, Output} from "../../src/types/Output.sol";
import {Program} from "../../src/types/Proof.sol";
import {OutputRootProof} from "../../src/types/Withdrawal.sol";
import {BrokenVerifier} from "./BrokenVerifier.sol";
import {Test} from "./Test.sol";
import {vm} from "./Vm.sol";

/// @notice A whole deployment as a fixture: the table of README.md as code.
abstract contract Deployment is Test {
    uint64 internal constant CHAIN_ID = 901;
    uint32 internal constant SPAN = 2;
    uint64 internal constant FORCE_DELAY = 12 hours;
    uint64 internal constant FORCE_GRACE = 1 hours;
    uint64 internal constant PERMISSIONLESS_DELAY = 24 hours;
    uint64 internal constant WINDOW = 5 days;
    uint64 internal constant CLOCK = 3 days;
    uint64 internal constant GRACE = 6 hours;
    uint256 internal constant BOND = 0.1 ether;
    uint64 internal constant PROOF_MATURITY = 5 days + 12 hours;
    uint256 internal constant STAKE = 10 ether;
    uint64 internal constant PAUSE_MAX = 7 days;
    uint64 internal constant COOLDOWN = 30 days;
    uint64 internal constant TIMELOCK_DELAY = 15 days;
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant NOTICE = 3;
    uint64 internal constant FAST_WINDOW = 1 days;
    uint64 internal constant GUARD = 1 hours;
    uint64 internal constant PROVER_TIMEOUT = 7 days;
    bytes32 internal constant PROGRAM_KEY = keccak256("program key");

    address internal batcher = _actor("batcher");
    address internal signer = _actor("unsafe block signer");
    address internal operator = _actor("operator");
    address internal guardian = _actor("guardian");
    address internal council = _actor("council");
    address payable internal treasury = payable(_actor("treasury"));
    address internal alice = _actor("alice");
    address internal bob = _actor("bob");

    Deployer internal deployer;
    TimelockController internal timelock;
    PauseController internal pauses;
    SystemConfig internal config;
    Inbox internal inbox;
    DisputeGameFactory internal games;
    ClaimManager internal claims;
    Portal internal portal;
    L1CrossDomainMessenger internal messenger;
    L1StandardBridge internal bridge;
    L1ERC721Bridge internal nftBridge;
    L1MintableERC20Factory internal tokenFactory;
    RiscVStep internal stepContract;
    QueryGame internal game;
    ProgramRegistry internal programs;
    BrokenVerifier internal verifier;
    ProofRouter internal router;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(100);
        _deploy();
        vm.deal(alice, 1_000 ether);
        vm.deal(bob, 1_000 ether);
    }

    function _deploy() internal {
        deployer = new Deployer(address(this));
        timelock = TimelockController(payable(_create(0, _timelockCode())));
        pauses = PauseController(
            _create(
                1,
                abi.encodePacked(
                    type(PauseController).creationCode,
                    abi.encode(guardian, council, PAUSE_MAX, COOLDOWN, _proves() ? _at(17) : address(0))
                )
            )
        );
        config = SystemConfig(
            _create(2, abi.encodePacked(type(SystemConfig).creationCode, abi.encode(_configParameters())))
        );
        _create(3, type(CalldataDa).creationCode);
        _create(4, type(BlobDa).creationCode);
        inbox = Inbox(_create(5, abi.encodePacked(type(Inbox).creationCode, abi.encode(_inboxParameters()))));
        _deployData();
        games =
            DisputeGameFactory(_create(6, abi.encodePacked(type(DisputeGameFactory).creationCode, abi.encode(_at(7)))));
        claims =
            ClaimManager(_create(7, abi.encodePacked(type(ClaimManager).creationCode, abi.encode(_claimParameters()))));
        portal =
            Portal(payable(_create(8, abi.encodePacked(type(Portal).creationCode, abi.encode(_portalParameters())))));
        messenger = L1CrossDomainMessenger(
            _create(9, abi.encodePacked(type(L1CrossDomainMessenger).creationCode, abi.encode(portal, _pauses())))
        );
        bridge = L1StandardBridge(
            payable(_create(10, abi.encodePacked(type(L1StandardBridge).creationCode, abi.encode(messenger))))
        );
        nftBridge =
            L1ERC721Bridge(_create(11, abi.encodePacked(type(L1ERC721Bridge).creationCode, abi.encode(messenger))));
        tokenFactory = L1MintableERC20Factory(
            _create(12, abi.encodePacked(type(L1MintableERC20Factory).creationCode, abi.encode(bridge)))
        );
        stepContract = RiscVStep(_create(13, type(RiscVStep).creationCode));
        game = QueryGame(_create(14, abi.encodePacked(type(QueryGame).creationCode, abi.encode(_gameParameters()))));
        programs = ProgramRegistry(
            _create(15, abi.encodePacked(type(ProgramRegistry).creationCode, abi.encode(_programParameters())))
        );
        if (_proves()) {
            verifier = BrokenVerifier(_create(16, type(BrokenVerifier).creationCode));
            router = ProofRouter(
                payable(_create(17, abi.encodePacked(type(ProofRouter).creationCode, abi.encode(_proofParameters()))))
            );
        }
        _deployLast();
    }

    /// @dev Whether the chain has validity proofs.
    function _proves() internal view virtual returns (bool) {
        return false;
    }

    /// @dev What its proofs are worth.
    function _policy() internal view virtual returns (Policy) {
        return Policy.StepOnly;
    }

    /// @dev What keeps the data, where that is not L1 alone.
    function _deployData() internal virtual {}

    /// @dev What needs all other contracts.
    function _deployLast() internal virtual {}

    /// @dev The step of the deployment that is `step` in the table.
    function _place(uint256 step) internal view virtual returns (uint256) {
        return step;
    }

    /// @dev Address of the contract of `step` in the table.
    function _at(uint256 step) internal view returns (address) {
        return deployer.addressOf(_place(step));
    }

    function _create(uint256 step, bytes memory code) internal virtual returns (address deployed) {
        deployed = deployer.deploy(_place(step), code, 0);
        vm.assertEq(deployed, _at(step), "predicted address");
    }

    /// @dev Who answers what is paused.
    function _pauses() internal view virtual returns (address) {
        return _at(1);
    }

    function _timelockCode() internal view returns (bytes memory) {
        address[] memory councils = new address[](1);
        councils[0] = council;
        return abi.encodePacked(
            type(TimelockController).creationCode, abi.encode(uint256(TIMELOCK_DELAY), councils, councils, address(0))
        );
    }

    function _configParameters() internal view returns (SystemConfig.Parameters memory) {
        return SystemConfig.Parameters({
            owner: _at(0),
            operator: operator,
            l2ChainId: CHAIN_ID,
            span: SPAN,
            addresses: SystemConfig.Addresses({
                inbox: _at(5),
                optimismPortal: _at(8),
                disputeGameFactory: _at(6),
                l1CrossDomainMessenger: _at(9),
                l1StandardBridge: _at(10),
                l1ERC721Bridge: _at(11),
                optimismMintableERC20Factory: _at(12)
            }),
            configuration: SystemConfig.Configuration({
                gasLimit: 100_000_000,
                basefeeScalar: 1_368,
                blobbasefeeScalar: 810_949,
                operatorFeeScalar: 0,
                operatorFeeConstant: 0,
                eip1559Denominator: 250,
                eip1559Elasticity: 6,
                minBaseFee: 0,
                batcher: batcher,
                unsafeBlockSigner: signer
            })
        });
    }

    function _inboxParameters() internal view virtual returns (Inbox.Parameters memory) {
        return Inbox.Parameters({
            portal: _at(8),
            systemConfig: _at(2),
            pauseController: _pauses(),
            calldataDa: _at(3),
            blobDa: _at(4),
            committeeDa: address(0),
            l2ChainId: CHAIN_ID,
            span: SPAN,
            forceDelay: FORCE_DELAY,
            forceGrace: FORCE_GRACE,
            permissionlessDelay: PERMISSIONLESS_DELAY,
            unsignedBatches: false
        });
    }

    function _claimParameters() internal view virtual returns (ClaimManager.Parameters memory) {
        return ClaimManager.Parameters({
            inbox: _at(5),
            games: _at(6),
            referee: _at(14),
            programs: _at(15),
            proofs: _proves() ? _at(17) : address(0),
            treasury: treasury,
            stake: STAKE,
            window: WINDOW,
            genesisTimestamp: START,
            genesisOutputRoot: keccak256("genesis")
        });
    }

    function _portalParameters() internal view virtual returns (Portal.Parameters memory) {
        return Portal.Parameters({
            inbox: _at(5),
            settlement: _at(7),
            systemConfig: _at(2),
            pauseController: _pauses(),
            disputeGameFactory: _at(6),
            proofMaturityDelay: PROOF_MATURITY
        });
    }

    function _gameParameters() internal virtual returns (QueryGame.Parameters memory) {
        return QueryGame.Parameters({
            claimManager: _at(7),
            inbox: _at(5),
            step: _at(13),
            clock: CLOCK,
            grace: GRACE,
            bond: BOND,
            demanders: address(0)
        });
    }

    function _programParameters() internal view returns (ProgramRegistry.Parameters memory) {
        (bytes32 memoryRoot, uint32 pc) = _program();
        bytes32 key = _proves() ? PROGRAM_KEY : bytes32(0);
        address verifier_ = _proves() ? _at(16) : address(0);
        return ProgramRegistry.Parameters({
            owner: _at(0),
            inbox: _at(5),
            notice: NOTICE,
            program: Program({memoryRoot: memoryRoot, key: key, verifier: verifier_, pc: pc, activation: 0}),
            release: Hashing.release(memoryRoot, pc, key)
        });
    }

    /// @dev What the machine starts with.
    function _program() internal view virtual returns (bytes32 memoryRoot, uint32 pc) {
        return (keccak256("program"), 0x1000);
    }

    function _proofParameters() internal view virtual returns (ProofRouter.Parameters memory) {
        bool fast = _policy() == Policy.Fast;
        return ProofRouter.Parameters({
            claimManager: _at(7),
            programs: _at(15),
            pauseController: _at(1),
            policy: _policy(),
            wait: fast ? GUARD : FAST_WINDOW,
            proverTimeout: fast ? PROVER_TIMEOUT : 0
        });
    }

    // --- moves that many tests make ---

    /// @dev The inbox's accumulators after the batches that `_post` made.
    mapping(uint64 count => bytes32) internal accs;

    /// @dev Posts a calldata batch that consumes the whole queue, by `who`.
    function _post(address who, uint32 blocks) internal {
        uint64 head = inbox.batchCount();
        uint64 qEnd = inbox.queueCount();
        bytes32 prevAcc = inbox.acc(head);
        bytes32 queueAcc = inbox.queueAcc(qEnd);
        vm.prank(who);
        inbox.postBatch(1, prevAcc, qEnd, queueAcc, blocks, hex"0100");
        accs[head + 1] = inbox.acc(head + 1);
    }

    function _stake(address who) internal {
        vm.deal(who, who.balance + STAKE);
        vm.prank(who);
        claims.deposit{value: STAKE}();
    }

    /// @dev An end output for the child of content `parentIndex` that agrees with the inbox.
    function _endOutput(uint256 parentIndex, bytes32 outputRoot) internal view returns (Output memory) {
        uint64 n1 = claims.contentAt(parentIndex).childN1;
        return Output({
            version: 1,
            chainId: CHAIN_ID,
            inboxIndex: n1,
            blockInBatch: 0,
            queueIndex: inbox.consumedUpTo(n1),
            number: inbox.blocksUpTo(n1),
            timestamp: START + 1,
            outputRoot: outputRoot
        });
    }

    function _vector(Output memory end) internal pure returns (bytes32[256] memory entries) {
        bytes32 hash = Hashing.output(end);
        for (uint256 j; j < 256; ++j) {
            entries[j] = hash;
        }
    }

    /// @dev Asserts a child of content `parentIndex` with this OP output root, by `who`.
    function _assert(address who, uint256 parentIndex, bytes32 outputRoot) internal returns (Claim) {
        Output memory end = _endOutput(parentIndex, outputRoot);
        Claim parent = claims.contentAt(parentIndex).id;
        bytes32 acc = inbox.acc(end.inboxIndex);
        vm.prank(who);
        return claims.assertClaim(parent, acc, _vector(end), end);
    }

    /// @dev What the game does at the end of a dispute, with nobody to reward.
    function _refute(Claim claim, address owner) internal {
        vm.prank(address(game));
        claims.refute(claim, owner, new address[](0));
    }

    function _rootProof(bytes32 storageRoot) internal pure returns (OutputRootProof memory) {
        return OutputRootProof({
            version: 0,
            stateRoot: keccak256("state"),
            messagePasserStorageRoot: storageRoot,
            latestBlockhash: keccak256("block")
        });
    }
}
