//! Many instructions at once, decoded in advance. What is rare is left to `step.rs`.

use crate::{
    Memory, State,
    code::{CodePage, Operation as O, PAGE_WORDS},
    memory::PAGE_SIZE,
};

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
    loop {
        let place = code.places.of(*pc) as usize;
        if place == 0 || !pc.is_multiple_of(4) {
            return Stop::Page;
        }
        let page: &CodePage = &code.pages[place];
        let base = *pc & !(PAGE_SIZE as u32 - 1);
        let mut at = (*pc - base) as usize / 4;
        // One turn of this loop ends with a jump.
        loop {
            let start = at;
            if *done > last {
                *pc = base + 4 * at as u32;
                return Stop::Step;
            }
            let target = loop {
                let i = page[at];
                let (a, b) = (x[i.rs1 as usize], x[i.rs2 as usize]);
                let rd = &mut x[i.rd as usize];
                match i.operation {
                    O::Nop => {}
                    O::Set => *rd = i.immediate,
                    O::Add => *rd = a.wrapping_add(b),
                    O::Sub => *rd = a.wrapping_sub(b),
                    O::Sll => *rd = a << (b & 31),
                    O::Slt => *rd = ((a as i32) < b as i32).into(),
                    O::Sltu => *rd = (a < b).into(),
                    O::Xor => *rd = a ^ b,
                    O::Srl => *rd = a >> (b & 31),
                    O::Sra => *rd = (a as i32 >> (b & 31)) as u32,
                    O::Or => *rd = a | b,
                    O::And => *rd = a & b,
                    O::AddImm => *rd = a.wrapping_add(i.immediate),
                    O::SllImm => *rd = a << (i.immediate & 31),
                    O::SltImm => *rd = ((a as i32) < i.immediate as i32).into(),
                    O::SltuImm => *rd = (a < i.immediate).into(),
                    O::XorImm => *rd = a ^ i.immediate,
                    O::SrlImm => *rd = a >> (i.immediate & 31),
                    O::SraImm => *rd = (a as i32 >> (i.immediate & 31)) as u32,
                    O::OrImm => *rd = a | i.immediate,
                    O::AndImm => *rd = a & i.immediate,
                    O::Mul => *rd = a.wrapping_mul(b),
                    O::Mulh => *rd = ((i64::from(a as i32) * i64::from(b as i32)) >> 32) as u32,
                    O::Mulhsu => *rd = ((i64::from(a as i32) * i64::from(b)) >> 32) as u32,
                    O::Mulhu => *rd = ((u64::from(a) * u64::from(b)) >> 32) as u32,
                    O::Div if b == 0 => *rd = u32::MAX,
                    O::Div => *rd = (a as i32).wrapping_div(b as i32) as u32,
                    O::Divu => *rd = a.checked_div(b).unwrap_or(u32::MAX),
                    O::Rem if b == 0 => *rd = a,
                    O::Rem => *rd = (a as i32).wrapping_rem(b as i32) as u32,
                    O::Remu => *rd = a.checked_rem(b).unwrap_or(a),
                    O::LoadByte => {
                        let address = a.wrapping_add(i.immediate);
                        let page = &frames[readable.of(address) as usize];
                        *rd = i8::from_le_bytes(page.get(address)) as u32;
                    }
                    O::LoadByteUnsigned => {
                        let address = a.wrapping_add(i.immediate);
                        let page = &frames[readable.of(address) as usize];
                        *rd = u8::from_le_bytes(page.get(address)).into();
                    }
                    O::LoadHalf if a.wrapping_add(i.immediate) % 2 == 0 => {
                        let address = a.wrapping_add(i.immediate);
                        let page = &frames[readable.of(address) as usize];
                        *rd = i16::from_le_bytes(page.get(address)) as u32;
                    }
                    O::LoadHalfUnsigned if a.wrapping_add(i.immediate) % 2 == 0 => {
                        let address = a.wrapping_add(i.immediate);
                        let page = &frames[readable.of(address) as usize];
                        *rd = u16::from_le_bytes(page.get(address)).into();
                    }
                    O::LoadWord if a.wrapping_add(i.immediate) % 4 == 0 => {
                        let address = a.wrapping_add(i.immediate);
                        let page = &frames[readable.of(address) as usize];
                        *rd = u32::from_le_bytes(page.get(address));
                    }
                    O::StoreByte if writable.of(a.wrapping_add(i.immediate)) != 0 => {
                        let address = a.wrapping_add(i.immediate);
                        frames[writable.of(address) as usize].set(address, (b as u8).to_le_bytes());
                    }
                    O::StoreHalf
                        if a.wrapping_add(i.immediate) % 2 == 0
                            && writable.of(a.wrapping_add(i.immediate)) != 0 =>
                    {
                        let address = a.wrapping_add(i.immediate);
                        frames[writable.of(address) as usize]
                            .set(address, (b as u16).to_le_bytes());
                    }
                    O::StoreWord
                        if a.wrapping_add(i.immediate) % 4 == 0
                            && writable.of(a.wrapping_add(i.immediate)) != 0 =>
                    {
                        let address = a.wrapping_add(i.immediate);
                        frames[writable.of(address) as usize].set(address, b.to_le_bytes());
                    }
                    O::BranchEq if a == b => break i.immediate,
                    O::BranchNe if a != b => break i.immediate,
                    O::BranchLt if (a as i32) < b as i32 => break i.immediate,
                    O::BranchGe if a as i32 >= b as i32 => break i.immediate,
                    O::BranchLtu if a < b => break i.immediate,
                    O::BranchGeu if a >= b => break i.immediate,
                    O::BranchEq
                    | O::BranchNe
                    | O::BranchLt
                    | O::BranchGe
                    | O::BranchLtu
                    | O::BranchGeu => {}
                    O::Jump => {
                        *rd = base + 4 * at as u32 + 4;
                        break i.immediate;
                    }
                    O::JumpRegister => {
                        *rd = (base + 4 * at as u32).wrapping_add(4);
                        break a.wrapping_add(i.immediate) & !1;
                    }
                    O::PageEnd => {
                        at -= 1;
                        break base.wrapping_add(PAGE_SIZE as u32);
                    }
                    O::Other
                    | O::LoadHalf
                    | O::LoadHalfUnsigned
                    | O::LoadWord
                    | O::StoreByte
                    | O::StoreHalf
                    | O::StoreWord => {
                        *done += (at - start) as u64;
                        *pc = base + 4 * at as u32;
                        return Stop::Step;
                    }
                }
                at += 1;
            };
            *done += (at - start) as u64 + 1;
            *pc = target;
            if target & !(PAGE_SIZE as u32 - 4) != base {
                break;
            }
            at = (target - base) as usize / 4;
        }
    }
}
