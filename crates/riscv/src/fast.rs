//! Many instructions at once, decoded in advance. What is rare is left to `step.rs`.

use crate::{
    Memory, State,
    code::{CodePage, Operation as O, PAGE_WORDS},
    memory::{PAGE_SIZE, Page, Table},
};

const PAGE_MASK: u32 = PAGE_SIZE as u32 - 1;

/// x0 to x31, then room for whatever a byte can name.
type Registers = [u32; 256];

/// Why the fast way ends.
enum Stop {
    /// `pc` is on a page that is not decoded, or nowhere.
    Page,
    /// The next instruction is not for here, or the limit is near.
    Step,
}

/// Makes up to `limit` steps, and fewer where `step.rs` is needed.
pub(crate) fn run(state: &mut State, memory: &mut Memory, limit: u64) -> u64 {
    // Steps are counted at jumps only: on the way to the next one they cannot be more than a page has.
    let Some(last) = limit.checked_sub(PAGE_WORDS as u64) else { return 0 };
    let mut x = [0; 256];
    for (number, value) in x[..32].iter_mut().enumerate() {
        *value = state.register(number);
    }
    let (mut pc, mut done) = (state.pc, 0);
    while pc.is_multiple_of(4) && memory.decode(pc) {
        if let Stop::Step = execute(&mut x, memory, &mut pc, &mut done, last) {
            break;
        }
    }
    for (number, value) in x[..32].iter().enumerate() {
        state.set_register(number, *value);
    }
    state.pc = pc;
    done
}

/// Runs from `pc`, from page to page as long as they are decoded.
fn execute(
    x: &mut Registers,
    memory: &mut Memory,
    pc: &mut u32,
    done: &mut u64,
    last: u64,
) -> Stop {
    let Memory { frames, readable, writable, code, .. } = memory;
    let frames = frames.as_mut_slice();
    loop {
        let place = code.places.of(*pc) as usize;
        if place == 0 || !pc.is_multiple_of(4) {
            return Stop::Page;
        }
        let page: &CodePage = &code.pages[place];
        let base = *pc & !PAGE_MASK;
        // One turn of this loop ends with a jump, or with the page.
        while *pc & !(PAGE_MASK - 3) == base {
            if *done > last {
                return Stop::Step;
            }
            let mut rest = page[(*pc - base) as usize / 4..].iter();
            let length = rest.len();
            let target = loop {
                let Some(i) = rest.next() else { break base.wrapping_add(PAGE_SIZE as u32) };
                let (a, b) = (x[i.rs1 as usize], x[i.rs2 as usize]);
                // Of arithmetic, which takes a register or a number: the other is zero.
                let c = b.wrapping_add(i.immediate);
                let address = a.wrapping_add(i.immediate);
                let (even, aligned) = (address.is_multiple_of(2), address.is_multiple_of(4));
                let frame = || &frames[readable.of(address) as usize];
                x[i.rd as usize] = match i.operation {
                    O::Add => a.wrapping_add(c),
                    O::Sub => a.wrapping_sub(c),
                    O::Sll => a << (c & 31),
                    O::Slt => ((a as i32) < c as i32).into(),
                    O::Sltu => (a < c).into(),
                    O::Xor => a ^ c,
                    O::Srl => a >> (c & 31),
                    O::Sra => (a as i32 >> (c & 31)) as u32,
                    O::Or => a | c,
                    O::And => a & c,
                    O::Mul => a.wrapping_mul(b),
                    O::Mulh => ((i64::from(a as i32) * i64::from(b as i32)) >> 32) as u32,
                    O::Mulhsu => ((i64::from(a as i32) * i64::from(b)) >> 32) as u32,
                    O::Mulhu => ((u64::from(a) * u64::from(b)) >> 32) as u32,
                    O::Div if b == 0 => u32::MAX,
                    O::Div => (a as i32).wrapping_div(b as i32) as u32,
                    O::Divu => a.checked_div(b).unwrap_or(u32::MAX),
                    O::Rem if b == 0 => a,
                    O::Rem => (a as i32).wrapping_rem(b as i32) as u32,
                    O::Remu => a.checked_rem(b).unwrap_or(a),
                    O::LoadByte => i8::from_le_bytes(frame().get(address)) as u32,
                    O::LoadByteUnsigned => u8::from_le_bytes(frame().get(address)).into(),
                    O::LoadHalf if even => i16::from_le_bytes(frame().get(address)) as u32,
                    O::LoadHalfUnsigned if even => u16::from_le_bytes(frame().get(address)).into(),
                    O::LoadWord if aligned => u32::from_le_bytes(frame().get(address)),
                    O::StoreByte if store(frames, writable, address, [b as u8]) => continue,
                    O::StoreHalf if store(frames, writable, address, (b as u16).to_le_bytes()) => {
                        continue;
                    }
                    O::StoreWord if store(frames, writable, address, b.to_le_bytes()) => continue,
                    O::BranchEq if a == b => break i.immediate,
                    O::BranchNe if a != b => break i.immediate,
                    O::BranchLt if (a as i32) < b as i32 => break i.immediate,
                    O::BranchGe if a as i32 >= b as i32 => break i.immediate,
                    O::BranchLtu if a < b => break i.immediate,
                    O::BranchGeu if a >= b => break i.immediate,
                    O::BranchEq | O::BranchNe | O::BranchLt => continue,
                    O::BranchGe | O::BranchLtu | O::BranchGeu => continue,
                    O::Jump => {
                        x[i.rd as usize] = pc.wrapping_add(4 * (length - rest.len()) as u32);
                        break i.immediate;
                    }
                    O::JumpRegister => {
                        x[i.rd as usize] = pc.wrapping_add(4 * (length - rest.len()) as u32);
                        break address & !1;
                    }
                    // Left are misaligned addresses, and stores of which there is more to do.
                    _ => {
                        let before = length - rest.len() - 1;
                        *done += before as u64;
                        *pc += 4 * before as u32;
                        return Stop::Step;
                    }
                };
            };
            *done += (length - rest.len()) as u64;
            *pc = target;
        }
    }
}

/// Stores, if the address is aligned and its page may simply be written.
fn store<const N: usize>(
    frames: &mut [Page],
    writable: &Table,
    address: u32,
    bytes: [u8; N],
) -> bool {
    let frame = writable.of(address) as usize;
    let stores = frame != 0 && (address as usize).is_multiple_of(N);
    if stores {
        frames[frame].set(address, bytes);
    }
    stores
}
