// Ends a training whose loss is no number any more, as keras.callbacks.TerminateOnNaN.
// Must not import other folders of fit.
import type { Callback } from './callback.js';

/** Ends the training quietly where the loss is NaN or infinite, which otherwise is thrown; the epoch's loss is NaN. */
export function terminateOnNaN(): Callback {
  return { onNonFinite: (_, context) => context.stop() };
}
