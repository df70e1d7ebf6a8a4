// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Ether as an ERC-20 token.
contract WETH9 {
    /// @notice Tokens were allowed.
    event Approval(address indexed owner, address indexed spender, uint256 amount);
    /// @notice Tokens moved.
    event Transfer(address indexed from, address indexed to, uint256 amount);
    /// @notice Ether was wrapped.
    event Deposit(address indexed to, uint256 amount);
    /// @notice Ether was unwrapped.
    event Withdrawal(address indexed from, uint256 amount);

    /// @notice The balance is smaller than the amount.
    error InsufficientBalance(uint256 balance, uint256 amount);
    /// @notice The allowance is smaller than the amount.
    error InsufficientAllowance(uint256 allowance, uint256 amount);
    /// @notice The receiver refused the ether.
    error TransferFailed();

    /// @notice Decimals, as those of ether.
    uint8 public constant decimals = 18;

    /// @notice Tokens of an account.
    mapping(address owner => uint256) public balanceOf;
    /// @notice Tokens that `spender` may move for `owner`; the greatest number means no limit.
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    /// @notice Ether that arrives alone is wrapped.
    receive() external payable {
        deposit();
    }

    /// @notice Unwraps `amount`.
    function withdraw(uint256 amount) external {
        _debit(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
        (bool success,) = msg.sender.call{value: amount}("");
        if (!success) revert TransferFailed();
    }

    /// @notice Allows `spender` to move `amount`.
    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    /// @notice Moves `amount` to `to`.
    function transfer(address to, uint256 amount) external returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    /// @notice Name of the token.
    function name() external pure returns (string memory) {
        return "Wrapped Ether";
    }

    /// @notice Symbol of the token.
    function symbol() external pure returns (string memory) {
        return "WETH";
    }

    /// @notice All ether wrapped here.
    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    /// @notice Wraps the ether of this call.
    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice Moves `amount` from `from` to `to`, by the allowance of the caller.
    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        if (from != msg.sender) {
            uint256 allowed = allowance[from][msg.sender];
            if (allowed != type(uint256).max) {
                if (allowed < amount) revert InsufficientAllowance(allowed, amount);
                allowance[from][msg.sender] = allowed - amount;
            }
        }
        _debit(from, amount);
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
        return true;
    }

    function _debit(address from, uint256 amount) private {
        uint256 balance = balanceOf[from];
        if (balance < amount) revert InsufficientBalance(balance, amount);
        unchecked {
            balanceOf[from] = balance - amount;
        }
    }
}
