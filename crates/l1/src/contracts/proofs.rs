//! The contracts of validity proofs.

#![allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "the names, arguments and documentation are those of contracts/src/interfaces/IProofRouter.sol"
)]

use alloy::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct ValidityProof { bytes32 opened; bytes openings; bytes proof; }

    #[derive(Debug, PartialEq, Eq)]
    struct Entry { uint8 index; bytes32 start; bytes32 end; bytes32[] startProof; bytes32[] endProof; }

    #[derive(Debug, PartialEq, Eq)]
    interface ProofRouter {
        event ContentProven(bytes32 indexed content, uint256 indexed version, address indexed by);
        event ResultRecorded(uint256 indexed version, uint8 indexed kind, bytes32 indexed boot, bytes32 result);
        event BlobsOpened(bytes32 indexed openings, uint256 count);
        event NodeProven(bytes32 indexed node, address indexed by);
        event InstanceDisproven(bytes32 indexed content, address indexed owner, address indexed by, uint8 entry);
        event ProofConflict(uint256 indexed version, bytes32 indexed boot, address indexed reporter, uint256 bounty);
        event Withdrawn(address indexed to, uint256 amount);

        function open(bytes32 from, bytes openings) external returns (bytes32 to);
        function prove(bytes32 content, ValidityProof proof) external;
        function answerByZk(bytes32 node, ValidityProof proof) external;
        function refuteByZk(bytes32 content, address owner, Entry entry, bytes32 result, ValidityProof proof) external;
        function report(uint256 version, uint8 kind, bytes32 boot, bytes32 result, ValidityProof proof) external;
        function reportContradiction(bytes32 content, Entry entry, bytes32 result, ValidityProof proof) external;
        function withdraw() external;
        function opened(bytes32 openings) external view returns (bool);
        function provenAt(bytes32 content) external view returns (uint64);
        function brokenAt(uint256 version) external view returns (uint64);
        function credits(address who) external view returns (uint256);
    }

    #[derive(Debug, PartialEq, Eq)]
    interface Halo2Verifier {
        function generated() external view returns (address);
        function verify(bytes32 programKey, bytes32 statement, bytes proof) external view;
    }
}
