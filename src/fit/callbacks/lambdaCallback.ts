// A callback of functions, as keras.callbacks.LambdaCallback.
// Must not import other folders of fit.
import type { Callback } from './callback.js';

/** A callback of those functions that are given; an object that holds them is one as well. */
export const lambdaCallback = (functions: Callback): Callback => ({ ...functions });
