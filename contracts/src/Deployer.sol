// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Creates the contracts of one deployment in a fixed order at addresses known before.
///
/// Step `n` lands at the CREATE address of this contract for nonce `n + 1`, whatever its code. So contracts that need each other
/// are wired in their constructors, and a deployment that was interrupted goes on where it stopped.
contract Deployer {
    /// @notice The caller is not the owner.
    error Deployer_Unauthorized(address caller);
    /// @notice This step is not the next one: go on with `next`.
    error Deployer_WrongStep(uint256 next);
    /// @notice `value` is not the ether sent.
    error Deployer_WrongValue(uint256 sent);
    /// @notice The address of a step is only computed for steps below 127.
    error Deployer_StepTooLarge(uint256 step);

    event Deployed(uint256 indexed step, address indexed deployed);

    /// @notice Who may deploy.
    address public immutable owner;
    /// @notice Number of contracts deployed so far, which is the next step.
    uint256 public deployments;

    constructor(address owner_) {
        if (owner_ == address(0)) revert Deployer_Unauthorized(owner_);
        owner = owner_;
    }

    /// @notice Creates the contract of `step`, which must be the next one, and sends it `value`.
    function deploy(uint256 step, bytes calldata initCode, uint256 value) external payable returns (address deployed) {
        if (msg.sender != owner) revert Deployer_Unauthorized(msg.sender);
        if (step != deployments) revert Deployer_WrongStep(deployments);
        if (value != msg.value) revert Deployer_WrongValue(msg.value);
        // Before the creation, so that a constructor which calls back finds the step taken.
        deployments = step + 1;
        bytes memory code = initCode;
        assembly ("memory-safe") {
            deployed := create(value, add(code, 0x20), mload(code))
            if iszero(deployed) {
                // A failed constructor's own error says what is wrong.
                let size := returndatasize()
                let reason := mload(0x40)
                returndatacopy(reason, 0, size)
                revert(reason, size)
            }
        }
        emit Deployed(step, deployed);
    }

    /// @notice The address of the contract of `step`, deployed or not.
    function addressOf(uint256 step) external view returns (address) {
        if (step >= 127) revert Deployer_StepTooLarge(step);
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(step + 1))))));
    }
}
