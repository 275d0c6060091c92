// How a workgroup of 256 invocations shares out rows and units where it takes many steps. Prepended by the host to
// lstm_sequence.wgsl and lstm_sequence_back.wgsl.
const PASSES: u32 = (HIDDEN + 255u) / 256u;             // units of an invocation
const COLUMNS: u32 = (HIDDEN + PASSES - 1u) / PASSES;   // invocations of a slot
const SLOTS: u32 = 256u / COLUMNS;                      // slots of a workgroup
const STATE: u32 = SLOTS * HIDDEN;

