//! Nodes and their encoding.

use super::nibbles::{NIBBLES, hex_prefix, parse_hex_prefix, with_nibble};
use alloc::{sync::Arc, vec::Vec};
use alloy_primitives::{B256, U256, keccak256};
use alloy_rlp::{Decodable, EMPTY_STRING_CODE, Encodable, Header};

/// What a leaf holds.
pub trait Value: Clone {
    /// Brings up to date what the encoding needs: the root of a trie inside.
    fn commit(&mut self) {}

    /// Appends the encoding that the leaf's hash is over.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads the encoding back.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

impl Value for U256 {
    fn encode(&self, out: &mut Vec<u8>) {
        Encodable::encode(self, out);
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let value = <Self as Decodable>::decode(&mut bytes).ok()?;
        (bytes.is_empty() && !value.is_zero()).then_some(value)
    }
}

/// How a parent names a node: its hash, or its encoding when that is shorter than a hash. Empty while the node is dirty.
#[derive(Clone, Copy)]
pub(super) struct Reference {
    length: u8,
    bytes: [u8; 32],
}

impl Reference {
    /// Of a node that changed since it was hashed.
    pub(super) const DIRTY: Self = Self { length: 0, bytes: [0; 32] };

    pub(super) const fn hash(hash: B256) -> Self {
        Self { length: 32, bytes: hash.0 }
    }

    /// Of a node with this encoding.
    pub(super) fn of(encoding: &[u8]) -> Self {
        if encoding.len() >= 32 {
            return Self::hash(keccak256(encoding));
        }
        let mut bytes = [0; 32];
        bytes[..encoding.len()].copy_from_slice(encoding);
        Self { length: encoding.len() as u8, bytes }
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.length == 0
    }

    /// Whether the node has a hash, so that it stands on its own in a proof.
    pub(super) const fn is_hash(&self) -> bool {
        self.length == 32
    }

    /// The hash of the node.
    pub(super) fn to_hash(self) -> B256 {
        if self.is_hash() {
            B256::new(self.bytes)
        } else {
            keccak256(&self.bytes[..usize::from(self.length)])
        }
    }

    fn encoded_length(&self) -> usize {
        if self.is_hash() { 33 } else { usize::from(self.length) }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        debug_assert!(!self.is_dirty(), "children are hashed before their parent; qed");
        if self.is_hash() {
            out.push(EMPTY_STRING_CODE + 32);
        }
        out.extend_from_slice(&self.bytes[..usize::from(self.length)]);
    }
}

/// A node. The reference comes first: hashing a branch reads it from up to 16 children, and there it shares a cache line with the reference count.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Node<V> {
    pub(super) reference: Reference,
    pub(super) kind: Kind<V>,
}

/// A child, or none.
pub(super) type Link<V> = Option<Arc<Node<V>>>;

/// The kinds of nodes. Keys are whole, so a node's path does not change when the tree above it does.
#[derive(Clone)]
pub(super) enum Kind<V> {
    /// One child per nibble, at least two.
    Branch([Link<V>; 16]),
    /// The nibbles up to `end` are those of `prefix`; the child is a branch.
    Extension { prefix: B256, end: u8, child: Arc<Node<V>> },
    /// A key and its value.
    Leaf { key: B256, value: V },
    /// Known by its hash alone.
    Blinded,
}

impl<V: Value> Node<V> {
    pub(super) fn dirty(kind: Kind<V>) -> Arc<Self> {
        Arc::new(Self { reference: Reference::DIRTY, kind })
    }

    pub(super) fn blinded(hash: B256) -> Arc<Self> {
        Arc::new(Self { reference: Reference::hash(hash), kind: Kind::Blinded })
    }

    /// Appends the RLP of the node, which begins at nibble `depth`. The nodes below must be clean.
    pub(super) fn encode(&self, depth: usize, out: &mut Vec<u8>) {
        let mut path = [0; 33];
        match &self.kind {
            Kind::Branch(children) => {
                let length = |child: &Link<V>| {
                    child.as_ref().map_or(1, |child| child.reference.encoded_length())
                };
                Header {
                    list: true,
                    payload_length: children.iter().map(length).sum::<usize>() + 1,
                }
                .encode(out);
                for child in children {
                    match child {
                        Some(child) => child.reference.encode(out),
                        None => out.push(EMPTY_STRING_CODE),
                    }
                }
                out.push(EMPTY_STRING_CODE);
            }
            Kind::Extension { prefix, end, child } => {
                let path_length = hex_prefix(prefix, depth, usize::from(*end), false, &mut path);
                let path = &path[..path_length];
                Header {
                    list: true,
                    payload_length: path.length() + child.reference.encoded_length(),
                }
                .encode(out);
                path.encode(out);
                child.reference.encode(out);
            }
            Kind::Leaf { key, value } => {
                let path_length = hex_prefix(key, depth, NIBBLES, true, &mut path);
                let path = &path[..path_length];
                let mut encoded = Vec::with_capacity(128);
                value.encode(&mut encoded);
                Header { list: true, payload_length: path.length() + encoded.as_slice().length() }
                    .encode(out);
                path.encode(out);
                encoded.as_slice().encode(out);
            }
            Kind::Blinded => {}
        }
    }

    /// Hashes the dirty nodes from here down.
    pub(super) fn commit(this: &mut Arc<Self>, depth: usize, scratch: &mut Vec<u8>) {
        if !this.reference.is_dirty() {
            return;
        }
        let node = Arc::make_mut(this);
        match &mut node.kind {
            Kind::Branch(children) => children
                .iter_mut()
                .flatten()
                .for_each(|child| Self::commit(child, depth + 1, scratch)),
            Kind::Extension { end, child, .. } => Self::commit(child, usize::from(*end), scratch),
            Kind::Leaf { value, .. } => value.commit(),
            Kind::Blinded => {}
        }
        scratch.clear();
        node.encode(depth, scratch);
        node.reference = Reference::of(scratch);
    }

    /// Reads a node that begins at nibble `depth` of a path that begins with `prefix`. Its children are blinded, except those that stand inside it.
    pub(super) fn decode(rlp: &[u8], prefix: &B256, depth: usize) -> Option<Arc<Self>> {
        let mut payload = rlp;
        let body = Header::decode_bytes(&mut payload, true).ok()?;
        if !payload.is_empty() || depth > NIBBLES {
            return None;
        }
        let mut items: [&[u8]; 17] = [&[]; 17];
        let mut count = 0;
        let mut rest = body;
        while !rest.is_empty() {
            *items.get_mut(count)? = take_item(&mut rest)?;
            count += 1;
        }
        let kind = match count {
            2 => Self::decode_short(items[0], items[1], prefix, depth)?,
            17 => Self::decode_branch(&items, prefix, depth)?,
            _ => return None,
        };
        Some(Arc::new(Self { reference: Reference::of(rlp), kind }))
    }

    fn decode_short(
        mut path: &[u8],
        second: &[u8],
        prefix: &B256,
        depth: usize,
    ) -> Option<Kind<V>> {
        let (key, end, leaf) =
            parse_hex_prefix(Header::decode_bytes(&mut path, false).ok()?, prefix, depth)?;
        if leaf {
            let mut second = second;
            let value = V::decode(Header::decode_bytes(&mut second, false).ok()?)?;
            return (end == NIBBLES).then_some(Kind::Leaf { key, value });
        }
        if end == depth || end >= NIBBLES {
            return None;
        }
        let child = Self::decode_child(second, &key, end)??;
        matches!(child.kind, Kind::Branch(_) | Kind::Blinded).then_some(Kind::Extension {
            prefix: key,
            end: end as u8,
            child,
        })
    }

    fn decode_branch(items: &[&[u8]; 17], prefix: &B256, depth: usize) -> Option<Kind<V>> {
        if depth >= NIBBLES || items[16] != [EMPTY_STRING_CODE] {
            return None;
        }
        let mut children = [const { None }; 16];
        for (nibble, child) in children.iter_mut().enumerate() {
            *child =
                Self::decode_child(items[nibble], &with_nibble(prefix, depth, nibble), depth + 1)?;
        }
        (children.iter().flatten().count() >= 2).then_some(Kind::Branch(children))
    }

    /// `None` when it is malformed, `Some(None)` when there is no child.
    fn decode_child(item: &[u8], prefix: &B256, depth: usize) -> Option<Link<V>> {
        match item {
            [EMPTY_STRING_CODE] => Some(None),
            [0xa0, hash @ ..] if hash.len() == 32 => {
                Some(Some(Self::blinded(B256::from_slice(hash))))
            }
            [0xc0..=0xff, ..] if item.len() < 32 => Self::decode(item, prefix, depth).map(Some),
            _ => None,
        }
    }
}

/// Splits one RLP item, header and all, off the front.
fn take_item<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut after = *rest;
    let header = Header::decode(&mut after).ok()?;
    let length = rest.len() - after.len() + header.payload_length;
    let (item, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(item)
}
