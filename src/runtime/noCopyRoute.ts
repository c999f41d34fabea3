// Writing outputs in place without the copy that ONNX Runtime's Node binding makes of every output it returns.
//
// The binding writes preallocated outputs first and then converts outputs one after another. It cannot convert a
// sequence, so with a sequence in front it throws before it copies anything, when all tensors are already written.
// That leans on an error path: it is used only where a probe has just shown that it works, can be switched off
// (`noCopy: false`, or ONNX_CONSTRAINTS_NO_COPY=0), and gives way to the ordinary route where it does not.
// Must not be relied on outside this file.
import { SEQUENCE_OUTPUT } from '../lowering/runGraph.js';
import type { OrtSession, OrtTensor } from './ort.js';

/** What the binding says when it meets the sequence. */
const EXPECTED = /^Non tensor type is temporarily not supported/;

/**
 * Runs a session whose graph has the sequence output, and leaves the results in the tensors of `fetches`.
 *
 * @returns whether the copies were skipped; a binding that converts the sequence makes them
 */
export async function runWithoutCopy(
  session: OrtSession,
  feeds: Record<string, OrtTensor>,
  fetches: Record<string, OrtTensor>,
): Promise<boolean> {
  try {
    // Converted in the order of the graph's outputs, so that it must be the first of them.
    await session.run(feeds, { [SEQUENCE_OUTPUT]: null, ...fetches });
    return false;
  } catch (error) {
    if (!(error instanceof Error && EXPECTED.test(error.message))) throw error;
    return true;
  }
}
