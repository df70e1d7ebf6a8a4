// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBatches} from "../interfaces/IBatches.sol";
import {IClaimManager, InstanceStatus} from "../interfaces/IClaimManager.sol";
import {IDisputeGameFactory} from "../interfaces/IDisputeGameFactory.sol";
import {IProgramRegistry} from "../interfaces/IProgramRegistry.sol";
import {IProofRouter} from "../interfaces/IProofRouter.sol";
import {IQueryGame} from "../interfaces/IQueryGame.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Clock} from "../libraries/Clock.sol";
import {Constants} from "../libraries/Constants.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Claim, Output} from "../types/Output.sol";

/// @notice The tree of claims: who staked on which, which were refuted, which are final.
///
/// A *content* is a statement; an *instance* is one owner's stake on it. A content is confirmed once its parent is and one of its
/// instances has lived through its window and every doubt about it. One stake covers all instances of an owner; being refuted once
/// makes all of them void. Nothing here can be paused and nobody can set an output: the referee, which is the query game, can only
/// refute.
///
/// Where there are validity proofs, `proofs` says what a proof of a content is worth: a shorter window, or finality by itself.
contract ClaimManager is IClaimManager {
    /// @notice Everything that is fixed for the life of a claim manager, and the genesis output.
    struct Parameters {
        address inbox;
        address games;
        address referee;
        address programs;
        address proofs;
        address payable treasury;
        uint256 stake;
        uint64 window;
        uint64 genesisTimestamp;
        bytes32 genesisOutputRoot;
    }

    /// @dev `ordinal` is the place in the content's list, from 1 on.
    struct Instance {
        uint64 createdAt;
        uint32 ordinal;
        bool settled;
    }

    /// @dev Owners of a content in order of time: those before `head` are known to be refuted. `refuted` is set, where there are
    /// validity proofs, once any was.
    struct Line {
        uint32 head;
        uint32 count;
        bool refuted;
    }

    /// @dev `tip` is the content of the newest instance; the genesis before there is one.
    struct Owner {
        bool staked;
        uint64 openInstances;
        uint64 slashedSequence;
        uint64 tip;
    }

    /// @dev Instances of a content that are looked at where none is named, from its line's head on, and how many of them may be live:
    /// what is looked at must not depend on how many there are.
    uint256 private constant LOOKED_AT_MAX = 16;
    uint256 private constant LIVE_MAX = 4;

    IBatches private immutable _inbox;
    /// @notice Shows contents as OP's dispute games.
    IDisputeGameFactory public immutable games;
    /// @inheritdoc IClaimManager
    address public immutable referee;
    /// @inheritdoc IClaimManager
    address public immutable programs;
    /// @inheritdoc IClaimManager
    address public immutable proofs;
    /// @notice Who gets forfeited stakes.
    address payable public immutable treasury;
    /// @inheritdoc IClaimManager
    uint256 public immutable stake;
    /// @inheritdoc IClaimManager
    uint64 public immutable window;

    /// @notice Forfeited stakes that the treasury has not collected yet, in wei.
    uint256 public forfeited;
    /// @inheritdoc IClaimManager
    mapping(address who => uint256) public credits;
    /// @dev Counts resolutions and slashings, so that it is always known which came first.
    uint64 private _sequence;

    Content[] private _contents;
    mapping(Claim content => uint256 indexPlusOne) private _indices;
    mapping(Claim content => Line) private _lines;
    mapping(Claim content => mapping(uint256 ordinal => address)) private _ownerAt;
    mapping(Claim content => mapping(address owner => Instance)) private _instances;
    /// @notice Stake, open instances and slashing of an owner.
    mapping(address owner => Owner) public owners;

    constructor(Parameters memory p) {
        if (p.inbox == address(0)) revert ClaimManager_BadParameter("inbox");
        if (p.games == address(0)) revert ClaimManager_BadParameter("games");
        if (p.referee == address(0)) revert ClaimManager_BadParameter("referee");
        if (p.programs == address(0)) revert ClaimManager_BadParameter("programs");
        if (p.treasury == address(0)) revert ClaimManager_BadParameter("treasury");
        if (p.stake == 0) revert ClaimManager_BadParameter("stake");
        if (p.window == 0) revert ClaimManager_BadParameter("window");
        if (p.genesisOutputRoot == 0) revert ClaimManager_BadParameter("genesisOutputRoot");
        if (p.genesisTimestamp == 0) revert ClaimManager_BadParameter("genesisTimestamp");
        _inbox = IBatches(p.inbox);
        games = IDisputeGameFactory(p.games);
        referee = p.referee;
        programs = p.programs;
        proofs = p.proofs;
        treasury = p.treasury;
        stake = p.stake;
        window = p.window;

        Output memory genesis = Output({
            version: Constants.VERSION,
            chainId: IBatches(p.inbox).l2ChainId(),
            inboxIndex: 0,
            blockInBatch: 0,
            queueIndex: 0,
            number: 0,
            timestamp: p.genesisTimestamp,
            outputRoot: p.genesisOutputRoot
        });
        bytes32 genesisHash = Hashing.output(genesis);
        Claim id = Claim.wrap(Hashing.content(0, 0, IBatches(p.inbox).acc(0), 0, genesisHash));
        _sequence = 1;
        _contents.push(
            Content({
                id: id,
                outputRoot: p.genesisOutputRoot,
                vectorRoot: 0,
                endHash: genesisHash,
                parent: 0,
                n1: 0,
                childN1: 1,
                createdAt: uint64(block.timestamp),
                confirmedAt: uint64(block.timestamp),
                confirmedChild: 0,
                number: 0,
                sequence: 1
            })
        );
        _indices[id] = 1;
        games.register(id, p.genesisOutputRoot);
        emit ClaimConfirmed(id, 0);
    }

    // --- stakes ---

    /// @inheritdoc IClaimManager
    function deposit() external payable {
        Owner storage owner = owners[msg.sender];
        if (msg.value != stake) revert ClaimManager_WrongStake(msg.value, stake);
        if (owner.slashedSequence != 0) revert ClaimManager_Slashed(msg.sender);
        if (owner.staked) revert ClaimManager_StakedAlready(msg.sender);
        // A claim that is made before the game is there would live through its window undoubted.
        if (referee.code.length == 0) revert ClaimManager_NoReferee(referee);
        owner.staked = true;
        emit StakeDeposited(msg.sender);
    }

    /// @inheritdoc IClaimManager
    function withdrawStake() external {
        Owner storage owner = _requireStaked(msg.sender);
        if (owner.openInstances != 0) revert ClaimManager_InstancesOpen(owner.openInstances);
        owner.staked = false;
        emit StakeWithdrawn(msg.sender);
        _pay(payable(msg.sender), stake);
    }

    /// @inheritdoc IClaimManager
    function collect() external {
        uint256 amount = forfeited;
        forfeited = 0;
        _pay(treasury, amount);
    }

    /// @inheritdoc IClaimManager
    function withdrawCredit() external {
        uint256 amount = credits[msg.sender];
        credits[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, amount);
        _pay(payable(msg.sender), amount);
    }

    // --- claims ---

    /// @inheritdoc IClaimManager
    function assertClaim(Claim parentId, bytes32 acc, bytes32[256] calldata vector, Output calldata endOutput)
        external
        returns (Claim contentId)
    {
        // What comes from the proofs is proven in the same transaction: that stands for a stake.
        bool staked = msg.sender != proofs;
        Owner storage owner = staked ? _requireStaked(msg.sender) : owners[msg.sender];
        uint256 parentIndex = _index(parentId);
        Content storage parent = _contents[parentIndex];
        // The one right child is known or there is none: no sibling can be confirmed any more (invariant 15).
        if (parent.confirmedChild != 0 || _isRejected(parent)) revert ClaimManager_Resolved(parentId);

        uint64 n1 = parent.childN1;
        if (_inbox.batchCount() < n1) revert ClaimManager_TooEarly(n1);
        // Said of other batches, in a block of L1 that was replaced: true there, wrong here, and the caller's stake would be lost.
        if (_inbox.acc(n1) != acc) revert ClaimManager_OtherBatches(n1, acc);
        bytes32 outputHash = _checkOutput(endOutput, n1);
        if (vector[Constants.CLAIM_ENTRIES - 1] != outputHash) revert ClaimManager_BadOutput("last entry");

        bytes32 vectorRoot = Hashing.vectorRoot(vector);
        contentId = Claim.wrap(Hashing.content(Claim.unwrap(parentId), n1, acc, vectorRoot, outputHash));
        if (_indices[contentId] != 0) {
            // Somebody was faster, maybe with a copy of this transaction: the caller's instance counts as much.
            if (staked) _back(contentId, owner);
            return contentId;
        }
        Content memory content = _add(contentId, parentIndex, n1, vectorRoot, outputHash, endOutput);
        if (staked) _addInstance(contentId, owner);
        _emitAsserted(content, parentId, endOutput, vector);
        games.register(contentId, endOutput.outputRoot);
    }

    /// @inheritdoc IClaimManager
    function back(Claim contentId) external {
        Owner storage owner = _requireStaked(msg.sender);
        (InstanceStatus resolution,) = _resolution(_contents[_index(contentId)]);
        if (resolution != InstanceStatus.Live) revert ClaimManager_Resolved(contentId);
        _back(contentId, owner);
    }

    /// @inheritdoc IClaimManager
    function confirm(Claim contentId, address owner) external {
        if (!_isRipeBy(contentId, owner)) revert ClaimManager_NotRipe(contentId);
        _confirm(contentId, owner);
    }

    /// @inheritdoc ISettlement
    function tryConfirm(Claim contentId) external returns (bool) {
        if (isFinal(contentId)) return true;
        (bool ripe, address owner) = _ripe(contentId);
        if (!ripe) return false;
        _confirm(contentId, owner);
        return true;
    }

    /// @inheritdoc IClaimManager
    function reject(Claim contentId) external {
        uint256 index = _index(contentId);
        Content storage content = _contents[index];
        (InstanceStatus resolution,) = _resolution(content);
        if (resolution != InstanceStatus.Rejected || content.sequence != 0) {
            revert ClaimManager_NotRejected(contentId);
        }
        content.sequence = ++_sequence;
        emit ClaimRejected(contentId, index);
    }

    /// @inheritdoc IClaimManager
    function refute(Claim contentId, address owner, address[] calldata rewarded) external {
        if (msg.sender != referee && msg.sender != proofs) revert ClaimManager_NotReferee(msg.sender);
        if (instanceStatus(contentId, owner) != InstanceStatus.Live) {
            revert ClaimManager_InstanceNotLive(contentId, owner);
        }
        emit InstanceRefuted(contentId, owner);
        if (proofs != address(0)) _lines[contentId].refuted = true;
        _slash(owner, rewarded);
    }

    /// @inheritdoc IClaimManager
    function settle(Claim contentId, address owner) external {
        InstanceStatus status = instanceStatus(contentId, owner);
        Instance storage instance = _instances[contentId][owner];
        bool settleable = status == InstanceStatus.Confirmed || status == InstanceStatus.Rejected;
        if (!settleable || instance.settled) revert ClaimManager_NotSettleable(contentId, owner);
        _settle(contentId, owner, instance, status);
        // Another content of the same parent is right, so this one is wrong.
        if (status == InstanceStatus.Rejected && owners[owner].slashedSequence == 0) {
            _slash(owner, new address[](0));
        }
    }

    /// @inheritdoc IClaimManager
    function skipRefuted(Claim contentId, uint256 most) external {
        Line storage line = _lines[contentId];
        uint256 head = line.head;
        uint256 end = line.count < head + most ? line.count : head + most;
        while (head < end && owners[_ownerAt[contentId][head]].slashedSequence != 0) ++head;
        line.head = uint32(head);
    }

    // --- views ---

    /// @inheritdoc ISettlement
    function isFinal(Claim contentId) public view returns (bool) {
        uint256 index = _indices[contentId];
        return index != 0 && _contents[index - 1].confirmedAt != 0;
    }

    /// @inheritdoc ISettlement
    function isRipe(Claim contentId) external view returns (bool) {
        if (isFinal(contentId)) return true;
        (bool ripe,) = _ripe(contentId);
        return ripe;
    }

    /// @inheritdoc ISettlement
    function claimAt(uint256 index) external view returns (Claim claim, bytes32 outputRoot, bool open) {
        if (index >= _contents.length) return (Claim.wrap(0), 0, false);
        Content storage content = _contents[index];
        return (content.id, content.outputRoot, isOpen(content.id));
    }

    /// @inheritdoc IClaimManager
    function contentCount() external view returns (uint256) {
        return _contents.length;
    }

    /// @inheritdoc IClaimManager
    function contentAt(uint256 index) external view returns (Content memory) {
        return _contents[index];
    }

    /// @inheritdoc IClaimManager
    function indexOf(Claim contentId) external view returns (uint256) {
        return _index(contentId);
    }

    /// @inheritdoc IClaimManager
    function instanceStatus(Claim contentId, address owner) public view returns (InstanceStatus) {
        if (_instances[contentId][owner].ordinal == 0) return InstanceStatus.None;
        (InstanceStatus resolution, uint64 sequence) = _resolution(_contents[_index(contentId)]);
        uint64 slashed = owners[owner].slashedSequence;
        // What came first stays: a confirmed instance is not undone by a later slashing of its owner (invariant 16).
        if (slashed != 0 && (resolution == InstanceStatus.Live || slashed < sequence)) return InstanceStatus.Refuted;
        return resolution;
    }

    /// @inheritdoc IClaimManager
    function inbox() external view returns (address) {
        return address(_inbox);
    }

    /// @inheritdoc IClaimManager
    function instanceCreatedAt(Claim contentId, address owner) external view returns (uint64) {
        return _instances[contentId][owner].createdAt;
    }

    /// @inheritdoc IClaimManager
    function statementOf(Claim contentId) external view returns (bytes32 startHash, bytes32 vectorRoot, uint64 n1) {
        Content storage content = _contents[_index(contentId)];
        return (_contents[content.parent].endHash, content.vectorRoot, content.n1);
    }

    /// @inheritdoc IClaimManager
    function isOpen(Claim contentId) public view returns (bool) {
        (InstanceStatus resolution,) = _resolution(_contents[_index(contentId)]);
        if (resolution != InstanceStatus.Live) return resolution == InstanceStatus.Confirmed;
        (address[] memory live, bool more) = _firstLive(contentId, 1);
        if (live.length > 0 || more) return true;
        IProofRouter.Terms memory terms = _terms(contentId);
        return terms.alone && terms.provenAt != 0;
    }

    /// @inheritdoc IClaimManager
    function closesAt(Claim contentId) public view returns (uint64 earliest) {
        (address[] memory live,) = _firstLive(contentId, LIVE_MAX);
        IProofRouter.Terms memory terms = _terms(contentId);
        if (terms.alone && terms.provenAt != 0) earliest = terms.provenAt + terms.wait;
        uint64 patience = _patience(contentId, terms);
        for (uint256 i; i < live.length; ++i) {
            (, uint64 close) = _doubts(contentId, live[i], terms);
            close = Clock.later(close, patience);
            if (earliest == 0 || close < earliest) earliest = close;
        }
    }

    // --- inside ---

    /// @dev By the instance of `owner`, or, if that is zero, by its proof.
    function _confirm(Claim contentId, address owner) private {
        uint256 index = _indices[contentId] - 1;
        Content storage content = _contents[index];
        content.confirmedAt = uint64(block.timestamp);
        content.sequence = ++_sequence;
        _contents[content.parent].confirmedChild = uint64(index);
        emit ClaimConfirmed(contentId, index);
        // The one who made it final need not come back for it.
        if (owner != address(0)) {
            _settle(contentId, owner, _instances[contentId][owner], InstanceStatus.Confirmed);
        }
    }

    /// @dev Whether `contentId` may be confirmed now, by its proof (zero) or by the first owner that is looked at whose instance is
    /// through.
    function _ripe(Claim contentId) private view returns (bool, address) {
        if (_indices[contentId] == 0 || !_mayConfirm(contentId)) return (false, address(0));
        IProofRouter.Terms memory terms = _terms(contentId);
        if (_isProven(terms)) return (true, address(0));
        if (block.timestamp <= _patience(contentId, terms)) return (false, address(0));
        (address[] memory live,) = _firstLive(contentId, LIVE_MAX);
        for (uint256 i; i < live.length; ++i) {
            if (_isThrough(contentId, live[i], terms)) return (true, live[i]);
        }
        return (false, address(0));
    }

    /// @dev Whether `contentId` may be confirmed now by the instance of `owner`, or, if that is zero, by its proof.
    function _isRipeBy(Claim contentId, address owner) private view returns (bool) {
        bool named = owner != address(0);
        if (named && instanceStatus(contentId, owner) != InstanceStatus.Live) return false;
        if (!_mayConfirm(contentId)) return false;
        IProofRouter.Terms memory terms = _terms(contentId);
        if (!named) return _isProven(terms);
        return block.timestamp > _patience(contentId, terms) && _isThrough(contentId, owner, terms);
    }

    /// @dev What a proof of the content is worth now; nothing where there are no proofs.
    function _terms(Claim contentId) private view returns (IProofRouter.Terms memory terms) {
        if (proofs == address(0)) return terms;
        return IProofRouter(proofs).termsOf(contentId, _contents[_index(contentId)].n1);
    }

    /// @dev Whether a proof alone makes the content final, and its guard has passed (invariant 42).
    function _isProven(IProofRouter.Terms memory terms) private view returns (bool) {
        return terms.alone && terms.provenAt != 0 && block.timestamp > terms.provenAt + terms.wait;
    }

    /// @dev Until when the content waits for a proof, whoever stakes on it; zero if it need not (invariant 43).
    function _patience(Claim contentId, IProofRouter.Terms memory terms) private view returns (uint64) {
        return terms.timeout == 0 ? 0 : _contents[_index(contentId)].createdAt + terms.timeout;
    }

    /// @dev Whether the content is unresolved and its parent final.
    function _mayConfirm(Claim contentId) private view returns (bool) {
        Content storage content = _contents[_index(contentId)];
        (InstanceStatus resolution,) = _resolution(content);
        return resolution == InstanceStatus.Live && _contents[content.parent].confirmedAt != 0;
    }

    /// @dev Whether a live instance has lived through its window and every doubt (invariant 17).
    function _isThrough(Claim contentId, address owner, IProofRouter.Terms memory terms) private view returns (bool) {
        (uint64 openNodes, uint64 close) = _doubts(contentId, owner, terms);
        return openNodes == 0 && block.timestamp > close;
    }

    /// @dev The open doubts about an instance, and the last moment in which another may be raised as far as is known.
    function _doubts(Claim contentId, address owner, IProofRouter.Terms memory terms)
        private
        view
        returns (uint64 openNodes, uint64 close)
    {
        (openNodes, close) = IQueryGame(referee).standing(contentId, owner);
        close = Clock.later(close, _windowEnd(contentId, owner, terms));
    }

    /// @dev The end of an instance's window: a proof shortens it where it does not count alone, unless the game has refuted some
    /// instance of the content.
    function _windowEnd(Claim contentId, address owner, IProofRouter.Terms memory terms) private view returns (uint64) {
        uint64 made = _instances[contentId][owner].createdAt;
        bool shortens = terms.provenAt != 0 && !terms.alone && !_lines[contentId].refuted;
        if (!shortens) return made + window;
        uint64 short = Clock.later(made, terms.provenAt) + terms.wait;
        return short < made + window ? short : made + window;
    }

    function _add(
        Claim contentId,
        uint256 parentIndex,
        uint64 n1,
        bytes32 vectorRoot,
        bytes32 endHash,
        Output calldata endOutput
    ) private returns (Content memory content) {
        content = Content({
            id: contentId,
            outputRoot: endOutput.outputRoot,
            vectorRoot: vectorRoot,
            endHash: endHash,
            parent: uint64(parentIndex),
            n1: n1,
            childN1: _childN1(n1),
            createdAt: uint64(block.timestamp),
            confirmedAt: 0,
            confirmedChild: 0,
            number: endOutput.number,
            sequence: 0
        });
        _contents.push(content);
        _indices[contentId] = _contents.length;
    }

    function _emitAsserted(
        Content memory content,
        Claim parentId,
        Output calldata endOutput,
        bytes32[256] calldata vector
    ) private {
        emit ClaimAsserted(
            content.id,
            parentId,
            _contents.length - 1,
            msg.sender == proofs ? address(0) : msg.sender,
            content.n1,
            content.childN1,
            content.vectorRoot,
            endOutput,
            vector
        );
    }

    function _back(Claim contentId, Owner storage owner) private {
        if (_instances[contentId][msg.sender].ordinal != 0) {
            revert ClaimManager_InstanceExists(contentId, msg.sender);
        }
        _addInstance(contentId, owner);
        emit ClaimBacked(contentId, msg.sender);
    }

    function _addInstance(Claim contentId, Owner storage owner) private {
        uint256 index = _index(contentId);
        _requireOnPath(owner, _contents[index].parent);
        Line storage line = _lines[contentId];
        uint32 place = line.count;
        line.count = place + 1;
        _ownerAt[contentId][place] = msg.sender;
        _instances[contentId][msg.sender] =
            Instance({createdAt: uint64(block.timestamp), ordinal: place + 1, settled: false});
        ++owner.openInstances;
        owner.tip = uint64(index);
    }

    function _settle(Claim contentId, address owner, Instance storage instance, InstanceStatus status) private {
        instance.settled = true;
        --owners[owner].openInstances;
        emit InstanceSettled(contentId, owner, status);
    }

    /// @dev Takes the owner's stake: half of it goes to those who are `rewarded`, in equal shares, the rest is forfeited.
    function _slash(address owner, address[] memory rewarded) private {
        owners[owner].staked = false;
        owners[owner].slashedSequence = ++_sequence;
        emit StakeForfeited(owner);
        uint256 share = rewarded.length == 0 ? 0 : stake / 2 / rewarded.length;
        for (uint256 i; i < rewarded.length; ++i) {
            credits[rewarded[i]] += share;
            emit Rewarded(rewarded[i], share);
        }
        forfeited += stake - share * rewarded.length;
    }

    function _pay(address payable to, uint256 amount) private {
        (bool success,) = to.call{value: amount}("");
        if (!success) revert ClaimManager_PaymentFailed(to);
    }

    /// @dev The owners of the first live instances of an unresolved content, at most `most`, and whether there are instances that were
    /// not looked at.
    function _firstLive(Claim contentId, uint256 most) private view returns (address[] memory live, bool more) {
        Line memory line = _lines[contentId];
        live = new address[](most);
        uint256 found;
        uint256 i = line.head;
        for (uint256 end = i + LOOKED_AT_MAX; i < line.count && i < end && found < most; ++i) {
            address owner = _ownerAt[contentId][i];
            if (owners[owner].slashedSequence == 0) live[found++] = owner;
        }
        assembly ("memory-safe") {
            mstore(live, found)
        }
        more = i < line.count;
    }

    /// @dev How a content was resolved and when in the sequence; Live and 0 if it was not.
    function _resolution(Content storage content) private view returns (InstanceStatus, uint64) {
        if (content.confirmedAt != 0) return (InstanceStatus.Confirmed, content.sequence);
        Content storage parent = _contents[content.parent];
        if (parent.confirmedChild != 0) return (InstanceStatus.Rejected, _contents[parent.confirmedChild].sequence);
        if (_isMarkedRejected(parent)) return (InstanceStatus.Rejected, parent.sequence);
        return (InstanceStatus.Live, 0);
    }

    function _isRejected(Content storage content) private view returns (bool) {
        (InstanceStatus resolution,) = _resolution(content);
        return resolution == InstanceStatus.Rejected;
    }

    function _isMarkedRejected(Content storage content) private view returns (bool) {
        return content.sequence != 0 && content.confirmedAt == 0;
    }

    /// @dev What the inbox knows of the end output must agree; returns its hash.
    function _checkOutput(Output calldata o, uint64 n1) private view returns (bytes32) {
        if (o.version != Constants.VERSION) revert ClaimManager_BadOutput("version");
        if (o.chainId != _inbox.l2ChainId()) revert ClaimManager_BadOutput("chainId");
        if (o.inboxIndex != n1) revert ClaimManager_BadOutput("inboxIndex");
        if (o.blockInBatch != 0) revert ClaimManager_BadOutput("blockInBatch");
        if (o.queueIndex != _inbox.consumedUpTo(n1)) revert ClaimManager_BadOutput("queueIndex");
        if (o.number != _inbox.blocksUpTo(n1)) revert ClaimManager_BadOutput("number");
        if (o.outputRoot == 0) revert ClaimManager_BadOutput("outputRoot");
        return Hashing.output(o);
    }

    /// @dev The greatest batch count that a child may cover: as many batches as there are now, at most 256 spans of blocks, of one
    /// version of the program (invariant 40), at least one batch (docs/spec/output.md).
    function _childN1(uint64 n1) private view returns (uint64 low) {
        uint64 blocksMax = uint64(Constants.CLAIM_ENTRIES) * _inbox.span();
        uint64 limit = _inbox.blocksUpTo(n1) + blocksMax;
        low = n1 + 1;
        uint64 high = _inbox.batchCount();
        // A batch has at least one block, which bounds the bisection however long the inbox is.
        if (high > n1 + blocksMax) high = n1 + blocksMax;
        uint64 activation = IProgramRegistry(programs).nextActivation(n1);
        if (high > activation) high = activation;
        while (low < high) {
            uint64 middle = low + (high - low + 1) / 2;
            if (_inbox.blocksUpTo(middle) <= limit) low = middle;
            else high = middle - 1;
        }
    }

    function _index(Claim contentId) private view returns (uint256) {
        uint256 indexPlusOne = _indices[contentId];
        if (indexPlusOne == 0) revert ClaimManager_UnknownContent(contentId);
        return indexPlusOne - 1;
    }

    /// @dev An owner's instances form one path, so at most one of them is wrong on a right parent: one stake pays for one lie.
    function _requireOnPath(Owner storage owner, uint256 parentIndex) private view {
        if (owner.tip == parentIndex) return;
        bool both = _contents[owner.tip].confirmedAt != 0 && _contents[parentIndex].confirmedAt != 0;
        if (!both) revert ClaimManager_OffPath(_contents[owner.tip].id);
    }

    function _requireStaked(address who) private view returns (Owner storage owner) {
        owner = owners[who];
        if (owner.slashedSequence != 0) revert ClaimManager_Slashed(who);
        if (!owner.staked) revert ClaimManager_NotStaked(who);
    }
}
