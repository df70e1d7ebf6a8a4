//! The trie over 32-byte keys.

use super::{
    Missing,
    nibbles::{NIBBLES, fork, nibble, with_nibble},
    node::{Kind, Link, Node, Reference, Value},
};
use alloc::{sync::Arc, vec::Vec};
use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_primitives::{B256, Bytes};

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The hashed address whose storage trie it is in; `None` for the trie of the accounts.
    pub owner: Option<B256>,
    /// A key whose first `depth` nibbles lead to it.
    pub prefix: B256,
    /// Nibbles above it.
    pub depth: usize,
    /// Its hash.
    pub hash: B256,
}

/// Finds the RLP of a blinded node.
pub(crate) type Resolver<'a> = dyn FnMut(&Position) -> Option<Bytes> + 'a;

/// Finds nothing: for tries that are whole.
fn nothing(_: &Position) -> Option<Bytes> {
    None
}

/// A persistent Merkle Patricia trie over 32-byte keys. A clone is a snapshot.
///
/// Hashes are computed by [`Trie::commit`], over the nodes that changed since the last one.
#[derive(Clone)]
pub struct Trie<V> {
    root: Link<V>,
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { root: None }
    }
}

impl<V: Value> core::fmt::Debug for Trie<V> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Trie").field("root", &self.root()).finish()
    }
}

impl<V: Value> Trie<V> {
    /// A trie of which only the root's hash is known.
    pub fn blinded(root: B256) -> Self {
        Self { root: (root != EMPTY_ROOT_HASH).then(|| Node::blinded(root)) }
    }

    /// Whether it holds nothing.
    pub const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The value at `key`.
    pub fn get(&self, key: &B256) -> Result<Option<&V>, Missing> {
        let mut link = self.root.as_ref();
        let mut depth = 0;
        while let Some(node) = link {
            match &node.kind {
                Kind::Branch(children) => {
                    link = children[nibble(key, depth)].as_ref();
                    depth += 1;
                }
                Kind::Extension { prefix, end, child } => {
                    let end = usize::from(*end);
                    if fork(prefix, key, depth, end) < end {
                        return Ok(None);
                    }
                    link = Some(child);
                    depth = end;
                }
                Kind::Leaf { key: own, value } => return Ok((own == key).then_some(value)),
                Kind::Blinded => return Err(Missing { hash: node.reference.to_hash() }),
            }
        }
        Ok(None)
    }

    /// Sets the value at `key`.
    pub fn insert(&mut self, key: B256, value: V) -> Result<(), Missing> {
        self.insert_with(key, value, &mut nothing)
    }

    /// Removes `key`; tells whether it was there.
    pub fn remove(&mut self, key: &B256) -> Result<bool, Missing> {
        self.remove_with(key, &mut nothing)
    }

    /// Hashes what changed and returns the root.
    pub fn commit(&mut self) -> B256 {
        if let Some(root) = self.root.as_mut().filter(|root| root.reference.is_dirty()) {
            Node::commit(root, 0, &mut Vec::with_capacity(600));
        }
        self.root()
    }

    /// The root; one that was not committed is computed on the side.
    pub fn root(&self) -> B256 {
        match &self.root {
            None => EMPTY_ROOT_HASH,
            Some(root) if root.reference.is_dirty() => self.clone().commit(),
            Some(root) => root.reference.to_hash(),
        }
    }

    /// The nodes from the root towards `key`: they prove its value, or that it has none.
    pub fn prove(&self, key: &B256) -> Result<Vec<Bytes>, Missing> {
        if self.root.as_ref().is_some_and(|root| root.reference.is_dirty()) {
            let mut committed = self.clone();
            committed.commit();
            return committed.prove(key);
        }
        let mut proof = Vec::new();
        let mut link = self.root.as_ref();
        let mut depth = 0;
        while let Some(node) = link {
            if matches!(node.kind, Kind::Blinded) {
                return Err(Missing { hash: node.reference.to_hash() });
            }
            if depth == 0 || node.reference.is_hash() {
                let mut rlp = Vec::new();
                node.encode(depth, &mut rlp);
                proof.push(rlp.into());
            }
            (link, depth) = node.step(key, depth);
        }
        Ok(proof)
    }

    /// The keys and values in the order of the keys.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter { stack: self.root.iter().map(|root| (&**root, 0)).collect() }
    }

    /// The RLP of the node that begins at `depth` on the way to `prefix`.
    pub(crate) fn node(&self, prefix: &B256, depth: usize) -> Option<Bytes> {
        let mut link = self.root.as_ref();
        let mut at = 0;
        while let Some(node) = link {
            if at == depth {
                let mut rlp = Vec::new();
                node.encode(depth, &mut rlp);
                return (!rlp.is_empty()).then(|| rlp.into());
            }
            (link, at) = node.step(prefix, at);
        }
        None
    }

    /// The value at `key`, for which blinded nodes on the way are revealed.
    pub(crate) fn get_with(
        &mut self,
        key: &B256,
        resolve: &mut Resolver<'_>,
    ) -> Result<Option<&V>, Missing> {
        if self.get(key).is_err()
            && let Some(root) = &mut self.root
        {
            reveal_path(root, 0, key, resolve)?;
        }
        self.get(key)
    }

    /// The value at `key` to be changed. Does not make its path dirty unless `dirty`.
    pub(crate) fn get_mut(&mut self, key: &B256, dirty: bool) -> Option<&mut V> {
        let mut link = self.root.as_mut();
        let mut depth = 0;
        while let Some(node) = link {
            let node = Arc::make_mut(node);
            if dirty {
                node.reference = Reference::DIRTY;
            }
            match &mut node.kind {
                Kind::Branch(children) => {
                    link = children[nibble(key, depth)].as_mut();
                    depth += 1;
                }
                Kind::Extension { end, child, .. } => {
                    depth = usize::from(*end);
                    link = Some(child);
                }
                Kind::Leaf { key: own, value } => return (own == key).then_some(value),
                Kind::Blinded => return None,
            }
        }
        None
    }

    pub(crate) fn insert_with(
        &mut self,
        key: B256,
        value: V,
        resolve: &mut Resolver<'_>,
    ) -> Result<(), Missing> {
        match &mut self.root {
            Some(root) => insert(root, 0, key, value, resolve),
            empty => {
                *empty = Some(Node::dirty(Kind::Leaf { key, value }));
                Ok(())
            }
        }
    }

    pub(crate) fn remove_with(
        &mut self,
        key: &B256,
        resolve: &mut Resolver<'_>,
    ) -> Result<bool, Missing> {
        if self.get_with(key, resolve)?.is_none() {
            return Ok(false);
        }
        match &mut self.root {
            Some(root) if !matches!(root.kind, Kind::Leaf { .. }) => remove(root, 0, key, resolve)?,
            root => *root = None,
        }
        Ok(true)
    }
}

impl<V: Value> Node<V> {
    /// The node below on the way to `key`, and the depth at which it begins.
    fn step(&self, key: &B256, depth: usize) -> (Option<&Arc<Self>>, usize) {
        match &self.kind {
            Kind::Branch(children) => (children[nibble(key, depth)].as_ref(), depth + 1),
            Kind::Extension { prefix, end, child } => {
                let end = usize::from(*end);
                ((fork(prefix, key, depth, end) == end).then_some(child), end)
            }
            Kind::Leaf { .. } | Kind::Blinded => (None, depth),
        }
    }
}

/// Replaces a blinded node by what `resolve` finds for it.
fn reveal<V: Value>(
    node: &mut Arc<Node<V>>,
    prefix: &B256,
    depth: usize,
    resolve: &mut Resolver<'_>,
) -> Result<(), Missing> {
    if !matches!(node.kind, Kind::Blinded) {
        return Ok(());
    }
    let hash = node.reference.to_hash();
    let found = resolve(&Position { owner: None, prefix: *prefix, depth, hash })
        .and_then(|rlp| Node::decode(&rlp, prefix, depth));
    *node = found.filter(|found| found.reference.to_hash() == hash).ok_or(Missing { hash })?;
    Ok(())
}

/// Reveals every node on the way to `key`.
fn reveal_path<V: Value>(
    node: &mut Arc<Node<V>>,
    depth: usize,
    key: &B256,
    resolve: &mut Resolver<'_>,
) -> Result<(), Missing> {
    reveal(node, key, depth, resolve)?;
    if node.step(key, depth).0.is_none() {
        return Ok(());
    }
    match &mut Arc::make_mut(node).kind {
        Kind::Branch(children) => match &mut children[nibble(key, depth)] {
            Some(child) => reveal_path(child, depth + 1, key, resolve),
            None => Ok(()),
        },
        Kind::Extension { end, child, .. } => reveal_path(child, usize::from(*end), key, resolve),
        Kind::Leaf { .. } | Kind::Blinded => Ok(()),
    }
}

fn insert<V: Value>(
    node: &mut Arc<Node<V>>,
    depth: usize,
    key: B256,
    value: V,
    resolve: &mut Resolver<'_>,
) -> Result<(), Missing> {
    reveal(node, &key, depth, resolve)?;
    let node = Arc::make_mut(node);
    let at = match &mut node.kind {
        Kind::Branch(children) => {
            match &mut children[nibble(&key, depth)] {
                Some(child) => insert(child, depth + 1, key, value, resolve)?,
                empty => *empty = Some(Node::dirty(Kind::Leaf { key, value })),
            }
            node.reference = Reference::DIRTY;
            return Ok(());
        }
        Kind::Extension { prefix, end, child } => {
            let end = usize::from(*end);
            let at = fork(prefix, &key, depth, end);
            if at == end {
                insert(child, end, key, value, resolve)?;
                node.reference = Reference::DIRTY;
                return Ok(());
            }
            at
        }
        Kind::Leaf { key: own, value: old } => {
            let at = fork(own, &key, depth, NIBBLES);
            if at == NIBBLES {
                *old = value;
                node.reference = Reference::DIRTY;
                return Ok(());
            }
            at
        }
        Kind::Blinded => return Err(Missing { hash: node.reference.to_hash() }),
    };
    split(node, depth, at, key, value);
    Ok(())
}

/// Puts a branch at nibble `at`, where a new key leaves the path of a leaf or an extension.
fn split<V: Value>(node: &mut Node<V>, depth: usize, at: usize, key: B256, value: V) {
    node.reference = Reference::DIRTY;
    let old = core::mem::replace(&mut node.kind, Kind::Blinded);
    let (path, below) = match old {
        Kind::Extension { prefix, end, child } if at + 1 == usize::from(end) => (prefix, child),
        Kind::Extension { prefix, .. } => (prefix, Node::dirty(old)),
        Kind::Leaf { key: own, .. } => (own, Node::dirty(old)),
        Kind::Branch(_) | Kind::Blinded => {
            unreachable!("only leaves and extensions are split; qed")
        }
    };
    let mut children = [const { None }; 16];
    children[nibble(&path, at)] = Some(below);
    children[nibble(&key, at)] = Some(Node::dirty(Kind::Leaf { key, value }));
    let branch = Kind::Branch(children);
    node.kind = if at == depth {
        branch
    } else {
        Kind::Extension { prefix: key, end: at as u8, child: Node::dirty(branch) }
    };
}

/// Removes a key that is there, from a node that is no leaf and so remains. Changes nothing when it fails.
fn remove<V: Value>(
    node: &mut Arc<Node<V>>,
    depth: usize,
    key: &B256,
    resolve: &mut Resolver<'_>,
) -> Result<(), Missing> {
    let node = Arc::make_mut(node);
    match &mut node.kind {
        Kind::Branch(children) => {
            let own = nibble(key, depth);
            match &mut children[own] {
                Some(child) if !matches!(child.kind, Kind::Leaf { .. }) => {
                    remove(child, depth + 1, key, resolve)?
                }
                _ => {
                    let mut others =
                        (0..16).filter(|&other| other != own && children[other].is_some());
                    match (others.next(), others.next()) {
                        (Some(other), None) => {
                            let prefix = with_nibble(key, depth, other);
                            let sibling =
                                children[other].as_mut().expect("filtered by is_some above; qed");
                            reveal(sibling, &prefix, depth + 1, resolve)?;
                            node.kind = lift(sibling, prefix, depth);
                        }
                        _ => children[own] = None,
                    }
                }
            }
        }
        Kind::Extension { end, child, .. } => {
            remove(child, usize::from(*end), key, resolve)?;
            if !matches!(child.kind, Kind::Branch(_)) {
                // The branch below collapsed: what is left of it takes the place of the extension.
                node.kind = core::mem::replace(&mut Arc::make_mut(child).kind, Kind::Blinded);
            }
        }
        Kind::Leaf { .. } | Kind::Blinded => {
            unreachable!("the caller saw a branch or an extension; qed")
        }
    }
    node.reference = Reference::DIRTY;
    Ok(())
}

/// What remains of a branch at `depth` whose last child is `child`.
fn lift<V: Value>(child: &mut Arc<Node<V>>, prefix: B256, depth: usize) -> Kind<V> {
    match &child.kind {
        Kind::Branch(_) => Kind::Extension { prefix, end: depth as u8 + 1, child: child.clone() },
        Kind::Extension { .. } | Kind::Leaf { .. } | Kind::Blinded => {
            core::mem::replace(&mut Arc::make_mut(child).kind, Kind::Blinded)
        }
    }
}

/// Walks a trie in the order of its keys.
pub struct Iter<'a, V> {
    stack: Vec<(&'a Node<V>, usize)>,
}

impl<V> core::fmt::Debug for Iter<'_, V> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Iter").field("depth", &self.stack.len()).finish()
    }
}

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = Result<(B256, &'a V), Missing>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (node, next) = self.stack.pop()?;
            match &node.kind {
                Kind::Branch(children) => {
                    if let Some((index, child)) = children
                        .iter()
                        .enumerate()
                        .skip(next)
                        .find_map(|(index, child)| Some((index, child.as_deref()?)))
                    {
                        self.stack.push((node, index + 1));
                        self.stack.push((child, 0));
                    }
                }
                Kind::Extension { child, .. } => self.stack.push((child, 0)),
                Kind::Leaf { key, value } => return Some(Ok((*key, value))),
                Kind::Blinded => return Some(Err(Missing { hash: node.reference.to_hash() })),
            }
        }
    }
}
