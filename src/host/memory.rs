//! Large blocks of memory, used again instead of being given back to the system and asked for anew.
//!
//! A training step takes and frees hundreds of megabytes in blocks of the same sizes as the step before. Allocators return
//! blocks so large to the system at once, and the system hands every page out again one fault at a time, filled with zeros:
//! with the paper's sizes a fifth of a step on two cores.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Smaller blocks are the system allocator's.
const LARGE: usize = 1 << 20;
/// Bytes that are kept at most.
const MOST: usize = 512 << 20;
/// Blocks that are kept at most.
const BLOCKS: usize = 128;

/// The system's allocator, with large blocks kept when they are freed.
pub struct Recycling(Mutex<Kept>);

/// The program's allocator.
pub struct Allocator;
static PROGRAMS: Recycling = Recycling::new();

#[derive(Clone, Copy)]
struct Block {
    at: *mut u8,
    layout: Layout,
}

/// Blocks that nobody uses, the oldest first.
struct Kept {
    blocks: [Option<Block>; BLOCKS],
    count: usize,
    bytes: usize,
}

// SAFETY: a kept block belongs to nobody; the pointer says where it is and no more.
unsafe impl Send for Kept {}

/// The layout that a block is really given: sizes in steps of an eighth, so that nearly equal ones can take each other's
/// place. `None` for small blocks.
fn rounded(layout: Layout) -> Option<Layout> {
    if layout.size() < LARGE {
        return None;
    }
    let step = 1 << (layout.size().ilog2() - 3);
    Layout::from_size_align(layout.size().checked_next_multiple_of(step)?, layout.align()).ok()
}

impl Kept {
    const fn new() -> Self {
        Self {
            blocks: [None; BLOCKS],
            count: 0,
            bytes: 0,
        }
    }

    fn remove(&mut self, index: usize) -> Option<Block> {
        let block = self.blocks[index].take();
        self.blocks[index..self.count].rotate_left(1);
        self.count -= 1;
        self.bytes -= block.map_or(0, |block| block.layout.size());
        block
    }

    /// The youngest block of that layout.
    fn take(&mut self, layout: Layout) -> Option<*mut u8> {
        let fits = |block: &Option<Block>| block.is_some_and(|block| block.layout == layout);
        let index = self.blocks[..self.count].iter().rposition(fits)?;
        self.remove(index).map(|block| block.at)
    }

    /// Keeps a block, for which the oldest may have to go.
    fn put(&mut self, block: Block) {
        while self.count == BLOCKS || (self.count > 0 && self.bytes + block.layout.size() > MOST) {
            free(self.remove(0));
        }
        self.blocks[self.count] = Some(block);
        self.count += 1;
        self.bytes += block.layout.size();
    }
}

fn free(block: Option<Block>) {
    if let Some(Block { at, layout }) = block {
        // SAFETY: the system's allocator gave it with this layout, and nobody uses it.
        unsafe { System.dealloc(at, layout) }
    }
}

impl Recycling {
    const fn new() -> Self {
        Self(Mutex::new(Kept::new()))
    }

    /// Nothing in here panics or allocates while it holds this.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self) {
        let mut kept = self.kept();
        while kept.count > 0 {
            free(kept.remove(0));
        }
    }
}

/// Gives what is kept back to the system: when a job ends.
pub fn give_back() {
    PROGRAMS.give_back();
}

// SAFETY: as that of `Recycling`.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises, here and below.
        unsafe { PROGRAMS.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { PROGRAMS.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { PROGRAMS.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { PROGRAMS.realloc(at, layout, size) }
    }
}

// SAFETY: blocks come from the system's allocator with a layout that only depends on the one asked for, so that each goes back
// with the layout it came with; a kept block is in nobody's hands.
unsafe impl GlobalAlloc for Recycling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let rounded = rounded(layout);
        match rounded.and_then(|layout| self.kept().take(layout)) {
            Some(at) => at,
            // SAFETY: as the caller promises; rounding keeps sizes above zero.
            None => unsafe { System.alloc(rounded.unwrap_or(layout)) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let rounded = rounded(layout);
        match rounded.and_then(|layout| self.kept().take(layout)) {
            Some(at) => {
                // SAFETY: a kept block has at least this size.
                unsafe { at.write_bytes(0, layout.size()) };
                at
            }
            // SAFETY: as the caller promises.
            None => unsafe { System.alloc_zeroed(rounded.unwrap_or(layout)) },
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        match rounded(layout) {
            // Without one so large nothing could be taken for it.
            Some(layout) if layout.size() <= MOST => self.kept().put(Block { at, layout }),
            // SAFETY: it was given with this layout.
            Some(layout) => unsafe { System.dealloc(at, layout) },
            // SAFETY: as above.
            None => unsafe { System.dealloc(at, layout) },
        }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(wanted) = Layout::from_size_align(size, layout.align()) else {
            return std::ptr::null_mut();
        };
        match (rounded(layout), rounded(wanted)) {
            // SAFETY: small before and after, or the system moves it with the layout it was given with.
            (None, None) => unsafe { System.realloc(at, layout, size) },
            // The system can move pages instead of their contents.
            (Some(old), Some(new)) if old == new => at,
            // SAFETY: as above.
            (Some(old), Some(new)) => unsafe { System.realloc(at, old, new.size()) },
            _ => {
                // SAFETY: the new block is not the old one, and both have the smaller size.
                unsafe {
                    let new = self.alloc(wanted);
                    if !new.is_null() {
                        new.copy_from_nonoverlapping(at, layout.size().min(size));
                        self.dealloc(at, layout);
                    }
                    new
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 64).unwrap()
    }

    #[test]
    fn large_blocks_are_used_again_and_given_back() {
        let recycling = Recycling::new();
        // SAFETY: every block is freed once, with the layout it has then.
        unsafe {
            let first = recycling.alloc(layout(3 * LARGE));
            first.write_bytes(7, 3 * LARGE);
            recycling.dealloc(first, layout(3 * LARGE));
            assert_eq!(recycling.kept().bytes, 3 * LARGE);
            // A little smaller is the same block, without what was in it where zeros are asked for.
            let again = recycling.alloc_zeroed(layout(3 * LARGE - 1_000));
            assert_eq!(again, first);
            assert!(
                std::slice::from_raw_parts(again, 3 * LARGE - 1_000)
                    .iter()
                    .all(|&b| b == 0)
            );
            assert_eq!(recycling.kept().count, 0);
            // Growing within the step keeps the place, growing beyond it the contents, and so does shrinking to a small one.
            again.write(9);
            assert_eq!(
                recycling.realloc(again, layout(3 * LARGE - 1_000), 3 * LARGE),
                first
            );
            let grown = recycling.realloc(first, layout(3 * LARGE), 40 * LARGE);
            assert_eq!(grown.read(), 9);
            let small = recycling.realloc(grown, layout(40 * LARGE), 100);
            assert_eq!(small.read(), 9);
            let large = recycling.realloc(small, layout(100), 2 * LARGE);
            assert_eq!(large.read(), 9);
            recycling.dealloc(large, layout(2 * LARGE));
            // What is kept stays within bounds, in blocks and in bytes.
            let many: Vec<_> = (0..2 * BLOCKS).map(|_| recycling.alloc(layout(LARGE))).collect();
            many.into_iter()
                .for_each(|at| recycling.dealloc(at, layout(LARGE)));
            assert!(recycling.kept().count <= BLOCKS);
            let many: Vec<_> = (0..5).map(|_| recycling.alloc(layout(MOST / 4))).collect();
            many.into_iter()
                .for_each(|at| recycling.dealloc(at, layout(MOST / 4)));
            assert!(recycling.kept().bytes <= MOST);
            assert_eq!(recycling.kept().count, 4);
            let huge = recycling.alloc(layout(2 * MOST));
            recycling.dealloc(huge, layout(2 * MOST));
            assert!(recycling.kept().bytes <= MOST);
        }
        recycling.give_back();
        assert_eq!(recycling.kept().count, 0);
        assert_eq!(recycling.kept().bytes, 0);
    }
}
