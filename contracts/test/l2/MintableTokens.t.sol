// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILegacyMintableERC20, IOptimismMintableERC20} from "../../src/bridge/IMintableERC20.sol";
import {IOptimismMintableERC721} from "../../src/bridge/IMintableERC721.sol";
import {MintableERC20Factory} from "../../src/bridge/MintableERC20Factory.sol";
import {OptimismMintableERC20} from "../../src/l2/OptimismMintableERC20.sol";
import {OptimismMintableERC20Factory} from "../../src/l2/OptimismMintableERC20Factory.sol";
import {OptimismMintableERC721} from "../../src/l2/OptimismMintableERC721.sol";
import {OptimismMintableERC721Factory} from "../../src/l2/OptimismMintableERC721Factory.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Test} from "../utils/Test.sol";
import {vm} from "../utils/Vm.sol";

contract MintableTokensTest is Test {
    address internal constant ORIGINAL = address(0xabc);

    OptimismMintableERC20Factory internal factory;
    OptimismMintableERC721Factory internal factory721;

    function setUp() public {
        factory = new OptimismMintableERC20Factory();
        factory721 = new OptimismMintableERC721Factory();
        vm.store(address(factory721), bytes32(uint256(1)), bytes32(uint256(900)));
    }

    /// @dev Identifiers that tokens and bridges in use have compiled in.
    function test_interface_identifiers_are_pinned() public pure {
        vm.assertEq(bytes32(type(IOptimismMintableERC20).interfaceId), bytes32(bytes4(0xec4fc8e3)));
        vm.assertEq(bytes32(type(ILegacyMintableERC20).interfaceId), bytes32(bytes4(0x1d1d8b63)));
        vm.assertEq(bytes32(type(IOptimismMintableERC721).interfaceId), bytes32(bytes4(0x74259ebf)));
    }

    function test_create_erc20() public {
        vm.expectEmit(true, false, false, false, address(factory));
        emit MintableERC20Factory.StandardL2TokenCreated(ORIGINAL, address(0));
        OptimismMintableERC20 token =
            OptimismMintableERC20(factory.createOptimismMintableERC20WithDecimals(ORIGINAL, "name", "SYM", 6));
        vm.assertEq(token.name(), "name");
        vm.assertEq(token.symbol(), "SYM");
        vm.assertEq(uint256(token.decimals()), 6);
        vm.assertEq(token.REMOTE_TOKEN(), ORIGINAL);
        vm.assertEq(token.remoteToken(), ORIGINAL);
        vm.assertEq(token.l1Token(), ORIGINAL);
        vm.assertEq(token.BRIDGE(), Predeploys.L2_STANDARD_BRIDGE);
        vm.assertEq(token.l2Bridge(), Predeploys.L2_STANDARD_BRIDGE);
        vm.assertEq(token.bridge(), factory.BRIDGE());
        vm.assertEq(factory.deployments(address(token)), ORIGINAL);
        vm.assertTrue(token.supportsInterface(0x01ffc9a7));
        vm.assertFalse(token.supportsInterface(0xffffffff));
    }

    /// @dev The address follows from the arguments, so the same token cannot be made twice.
    function test_create_erc20_twice_reverts() public {
        address token = factory.createStandardL2Token(ORIGINAL, "name", "SYM");
        bytes memory code = abi.encodePacked(
            type(OptimismMintableERC20).creationCode,
            abi.encode(Predeploys.L2_STANDARD_BRIDGE, ORIGINAL, "name", "SYM", uint8(18))
        );
        bytes32 salt = keccak256(abi.encode(ORIGINAL, "name", "SYM", uint8(18)));
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", address(factory), salt, keccak256(code)));
        vm.assertEq(token, address(uint160(uint256(hash))));
        vm.expectRevert();
        factory.createOptimismMintableERC20(ORIGINAL, "name", "SYM");
        vm.assertNotEq(token, factory.createOptimismMintableERC20(ORIGINAL, "name", "SYM2"));
    }

    function test_create_without_original_reverts() public {
        vm.expectRevert(MintableERC20Factory.NoRemoteToken.selector);
        factory.createOptimismMintableERC20(address(0), "name", "SYM");
        vm.expectRevert(OptimismMintableERC721Factory.NoRemoteToken.selector);
        factory721.createOptimismMintableERC721(address(0), "name", "SYM");
    }

    function testFuzz_only_the_bridge_mints_and_burns(address who, uint128 amount) public {
        vm.assume(who != Predeploys.L2_STANDARD_BRIDGE && who != address(0));
        OptimismMintableERC20 token = OptimismMintableERC20(factory.createStandardL2Token(ORIGINAL, "n", "s"));
        vm.startPrank(who);
        vm.expectRevert(OptimismMintableERC20.OnlyBridge.selector);
        token.mint(who, amount);
        vm.expectRevert(OptimismMintableERC20.OnlyBridge.selector);
        token.burn(who, 0);
        vm.stopPrank();
        vm.startPrank(Predeploys.L2_STANDARD_BRIDGE);
        vm.expectEmit(true, true, true, true, address(token));
        emit OptimismMintableERC20.Mint(who, amount);
        token.mint(who, amount);
        vm.assertEq(token.balanceOf(who), amount);
        vm.expectEmit(true, true, true, true, address(token));
        emit OptimismMintableERC20.Burn(who, amount);
        token.burn(who, amount);
        vm.assertEq(token.totalSupply(), 0);
        vm.stopPrank();
    }

    function test_permit() public {
        OptimismMintableERC20 token = OptimismMintableERC20(factory.createStandardL2Token(ORIGINAL, "n", "s"));
        address owner = vm.addr(0xa11ce);
        bytes32 permit = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                address(this),
                9,
                0,
                block.timestamp
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(0xa11ce, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), permit)));
        token.permit(owner, address(this), 9, block.timestamp, v, r, s);
        vm.assertEq(token.allowance(owner, address(this)), 9);
    }

    function test_create_erc721() public {
        OptimismMintableERC721 token =
            OptimismMintableERC721(factory721.createOptimismMintableERC721(ORIGINAL, "name", "SYM"));
        vm.assertTrue(factory721.isOptimismMintableERC721(address(token)));
        vm.assertEq(token.REMOTE_CHAIN_ID(), 900);
        vm.assertEq(factory721.remoteChainID(), 900);
        vm.assertEq(token.remoteChainId(), 900);
        vm.assertEq(token.REMOTE_TOKEN(), ORIGINAL);
        vm.assertEq(token.remoteToken(), ORIGINAL);
        vm.assertEq(token.BRIDGE(), Predeploys.L2_ERC721_BRIDGE);
        vm.assertEq(token.bridge(), factory721.BRIDGE());
        vm.assertTrue(token.supportsInterface(type(IOptimismMintableERC721).interfaceId));
        vm.assertTrue(token.supportsInterface(0x80ac58cd));
        vm.prank(Predeploys.L2_ERC721_BRIDGE);
        token.safeMint(address(0xbeef), 12);
        vm.assertEq(token.tokenURI(12), "ethereum:0x0000000000000000000000000000000000000abc@900/tokenURI?uint256=12");
        vm.prank(Predeploys.L2_ERC721_BRIDGE);
        vm.expectRevert(abi.encodeWithSelector(OptimismMintableERC721.NotOwner.selector, address(1), 12));
        token.burn(address(1), 12);
    }

    function test_erc721_constructor_zero_reverts() public {
        vm.expectRevert(OptimismMintableERC721.ZeroArgument.selector);
        new OptimismMintableERC721(address(0), 1, ORIGINAL, "n", "s");
        vm.expectRevert(OptimismMintableERC721.ZeroArgument.selector);
        new OptimismMintableERC721(address(1), 0, ORIGINAL, "n", "s");
        vm.expectRevert(OptimismMintableERC721.ZeroArgument.selector);
        new OptimismMintableERC721(address(1), 1, address(0), "n", "s");
    }
}
