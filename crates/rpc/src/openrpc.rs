//! The description of the methods (OpenRPC).

use crate::{
    methods::Handler::{self, Inline},
    node::Node,
    wire::{Answer, Params},
};

pub(crate) const METHODS: &[(&str, Handler)] = &[("rpc.discover", Inline(discover))];

/// The OpenRPC document, served at `/openrpc.json` too.
pub const DOCUMENT: &str = include_str!("../openrpc.json");

fn discover(_: &Node, _: &Params<'_>) -> Answer {
    Ok(DOCUMENT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_lists_the_methods_that_there_are() {
        let document: serde_json::Value =
            serde_json::from_str(DOCUMENT).expect("the document is JSON");
        let listed: BTreeSet<&str> = document["methods"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|method| method["name"].as_str())
            .collect();
        let served: BTreeSet<&str> = crate::methods::names().collect();
        assert_eq!(listed, served);
    }
}
