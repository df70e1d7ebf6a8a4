// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IInbox} from "./interfaces/IInbox.sol";
import {ISystemConfig} from "./interfaces/ISystemConfig.sol";
import {Constants} from "./libraries/Constants.sol";
import {ConfigKey, MessageKind} from "./types/Queue.sol";

/// @notice The configuration that governance may change.
///
/// The owner is the timelock. The operator may replace only the two keys that run the chain, because a leaked key must be
/// replaced at once; neither can touch an output, a deposit or a withdrawal. The first values are those of the L2 genesis.
contract SystemConfig is ISystemConfig, Ownable2Step {
    /// @notice The addresses of the deployment, for tools that start from this contract.
    struct Addresses {
        address inbox;
        address optimismPortal;
        address disputeGameFactory;
        address l1CrossDomainMessenger;
        address l1StandardBridge;
        address l1ERC721Bridge;
        address optimismMintableERC20Factory;
    }

    /// @notice The values that can change.
    struct Configuration {
        uint64 gasLimit;
        uint32 basefeeScalar;
        uint32 blobbasefeeScalar;
        uint32 operatorFeeScalar;
        uint64 operatorFeeConstant;
        uint32 eip1559Denominator;
        uint32 eip1559Elasticity;
        uint64 minBaseFee;
        address batcher;
        address unsafeBlockSigner;
    }

    /// @notice Everything that the constructor needs.
    struct Parameters {
        address owner;
        address operator;
        uint64 l2ChainId;
        uint32 span;
        Addresses addresses;
        Configuration configuration;
    }

    /// @notice Semantic version, as OP's contracts have it.
    string public constant version = "3.0.0";
    uint256 internal constant UPDATE_VERSION = 0;
    uint32 internal constant DENOMINATOR_MIN = 2;
    uint32 internal constant DENOMINATOR_MAX = 10_000;
    uint32 internal constant ELASTICITY_MAX = 100;
    /// @dev A higher minimum would price everybody out.
    uint64 internal constant MIN_BASE_FEE_MAX = 1_000 gwei;

    /// @inheritdoc ISystemConfig
    address public immutable inbox;
    address public immutable optimismPortal;
    address public immutable disputeGameFactory;
    address public immutable l1CrossDomainMessenger;
    address public immutable l1StandardBridge;
    address public immutable l1ERC721Bridge;
    address public immutable optimismMintableERC20Factory;
    /// @inheritdoc ISystemConfig
    uint32 public immutable span;
    uint64 private immutable _l2ChainId;
    /// @notice L1 block of the deployment: no event of this chain is older.
    uint256 public immutable startBlock;

    uint64 public gasLimit;
    uint32 public basefeeScalar;
    uint32 public blobbasefeeScalar;
    uint32 public operatorFeeScalar;
    uint64 public operatorFeeConstant;
    uint32 public eip1559Denominator;
    uint32 public eip1559Elasticity;
    uint64 public minBaseFee;
    /// @inheritdoc ISystemConfig
    address public batcher;
    /// @notice The key that signs preconfirmations.
    address public unsafeBlockSigner;
    /// @notice Who may replace the batcher and the unsafe block signer without delay.
    address public operator;

    constructor(Parameters memory p) Ownable(p.owner) {
        Addresses memory a = p.addresses;
        if (p.l2ChainId == 0) revert SystemConfig_BadParameter("l2ChainId");
        if (p.span == 0) revert SystemConfig_BadParameter("span");
        inbox = _nonZero(a.inbox, "inbox");
        optimismPortal = _nonZero(a.optimismPortal, "optimismPortal");
        disputeGameFactory = _nonZero(a.disputeGameFactory, "disputeGameFactory");
        l1CrossDomainMessenger = _nonZero(a.l1CrossDomainMessenger, "l1CrossDomainMessenger");
        l1StandardBridge = _nonZero(a.l1StandardBridge, "l1StandardBridge");
        l1ERC721Bridge = _nonZero(a.l1ERC721Bridge, "l1ERC721Bridge");
        optimismMintableERC20Factory = _nonZero(a.optimismMintableERC20Factory, "optimismMintableERC20Factory");
        span = p.span;
        _l2ChainId = p.l2ChainId;
        startBlock = block.number;

        Configuration memory c = p.configuration;
        _checkGasLimit(c.gasLimit, p.span);
        _checkEip1559(c.eip1559Denominator, c.eip1559Elasticity);
        _checkMinBaseFee(c.minBaseFee);
        gasLimit = c.gasLimit;
        basefeeScalar = c.basefeeScalar;
        blobbasefeeScalar = c.blobbasefeeScalar;
        operatorFeeScalar = c.operatorFeeScalar;
        operatorFeeConstant = c.operatorFeeConstant;
        eip1559Denominator = c.eip1559Denominator;
        eip1559Elasticity = c.eip1559Elasticity;
        minBaseFee = c.minBaseFee;
        batcher = _nonZero(c.batcher, "batcher");
        unsafeBlockSigner = _nonZero(c.unsafeBlockSigner, "unsafeBlockSigner");
        operator = _nonZero(p.operator, "operator");
    }

    modifier onlyOperator() {
        if (msg.sender != operator && msg.sender != owner()) revert SystemConfig_Unauthorized(msg.sender);
        _;
    }

    /// @notice Sets the L2 block gas limit.
    function setGasLimit(uint64 value) external onlyOwner {
        _checkGasLimit(value, span);
        gasLimit = value;
        _announce(ConfigKey.GAS_LIMIT, value, UpdateType.GAS_LIMIT, abi.encode(value));
    }

    /// @notice Sets the scalars of the L1 fee.
    function setGasConfigEcotone(uint32 basefeeScalar_, uint32 blobbasefeeScalar_) external onlyOwner {
        basefeeScalar = basefeeScalar_;
        blobbasefeeScalar = blobbasefeeScalar_;
        uint256 packed = (uint256(basefeeScalar_) << 32) | blobbasefeeScalar_;
        _announce(ConfigKey.L1_FEE_SCALARS, packed, UpdateType.FEE_SCALARS, abi.encode(scalar()));
    }

    /// @notice Sets the operator fee.
    function setOperatorFeeScalars(uint32 operatorFeeScalar_, uint64 operatorFeeConstant_) external onlyOwner {
        operatorFeeScalar = operatorFeeScalar_;
        operatorFeeConstant = operatorFeeConstant_;
        uint256 packed = (uint256(operatorFeeScalar_) << 64) | operatorFeeConstant_;
        _announce(ConfigKey.OPERATOR_FEE, packed, UpdateType.OPERATOR_FEE_PARAMS, abi.encode(packed));
    }

    /// @notice Sets the parameters of the base fee.
    function setEIP1559Params(uint32 denominator, uint32 elasticity) external onlyOwner {
        _checkEip1559(denominator, elasticity);
        eip1559Denominator = denominator;
        eip1559Elasticity = elasticity;
        uint256 packed = (uint256(denominator) << 32) | elasticity;
        _announce(ConfigKey.EIP1559, packed, UpdateType.EIP_1559_PARAMS, abi.encode(packed));
    }

    /// @notice Sets the least base fee, in wei.
    function setMinBaseFee(uint64 value) external onlyOwner {
        _checkMinBaseFee(value);
        minBaseFee = value;
        _announce(ConfigKey.MIN_BASE_FEE, value, UpdateType.MIN_BASE_FEE, abi.encode(value));
    }

    /// @notice Sets the L1 account that posts batches.
    function setBatcher(address value) external onlyOperator {
        batcher = _nonZero(value, "batcher");
        _announce(ConfigKey.BATCHER, uint160(value), UpdateType.BATCHER, abi.encode(batcherHash()));
    }

    /// @notice Sets the key that signs preconfirmations. L2 does not need to know it.
    function setUnsafeBlockSigner(address value) external onlyOperator {
        unsafeBlockSigner = _nonZero(value, "unsafeBlockSigner");
        emit ConfigUpdate(UPDATE_VERSION, UpdateType.UNSAFE_BLOCK_SIGNER, abi.encode(value));
    }

    /// @notice Sets who may replace the batcher and the unsafe block signer.
    function setOperator(address value) external onlyOwner {
        operator = _nonZero(value, "operator");
        emit OperatorSet(value);
    }

    /// @notice The batcher in the form that `L1Block` has it.
    function batcherHash() public view returns (bytes32) {
        return bytes32(uint256(uint160(batcher)));
    }

    /// @notice OP's packed scalar: version 1, blob base fee scalar, base fee scalar.
    function scalar() public view returns (uint256) {
        return (uint256(1) << 248) | (uint256(blobbasefeeScalar) << 32) | basefeeScalar;
    }

    /// @inheritdoc ISystemConfig
    function l2ChainId() external view returns (uint256) {
        return _l2ChainId;
    }

    /// @notice The contract that takes batches: here it is the inbox, not an externally owned account.
    function batchInbox() external view returns (address) {
        return inbox;
    }

    function _announce(uint256 key, uint256 value, UpdateType updateType, bytes memory data) private {
        emit ConfigUpdate(UPDATE_VERSION, updateType, data);
        IInbox(inbox).enqueue(MessageKind.CONFIG, address(0), address(0), 0, 0, abi.encode(key, value));
    }

    function _checkGasLimit(uint64 value, uint32 span_) private pure {
        bool fits = value >= Constants.BLOCK_GAS_LIMIT_MIN && uint256(value) * span_ <= Constants.SPAN_GAS_MAX;
        if (!fits) revert SystemConfig_BadParameter("gasLimit");
    }

    function _checkEip1559(uint32 denominator, uint32 elasticity) private pure {
        if (denominator < DENOMINATOR_MIN || denominator > DENOMINATOR_MAX) {
            revert SystemConfig_BadParameter("eip1559Denominator");
        }
        if (elasticity == 0 || elasticity > ELASTICITY_MAX) revert SystemConfig_BadParameter("eip1559Elasticity");
    }

    function _checkMinBaseFee(uint64 value) private pure {
        if (value > MIN_BASE_FEE_MAX) revert SystemConfig_BadParameter("minBaseFee");
    }

    function _nonZero(address value, string memory name) private pure returns (address) {
        if (value == address(0)) revert SystemConfig_BadParameter(name);
        return value;
    }
}
