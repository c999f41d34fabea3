// Everyone who takes part, in the order of the tables' columns.

import { startChromium } from './chromium/startChromium.mjs';
import { canonical } from './contenders/canonical.mjs';
import { startKeras } from './contenders/keras.mjs';
import { loops } from './contenders/loops.mjs';
import { memcpy } from './contenders/memcpy.mjs';
import { ours, oursCopying, oursWasm } from './contenders/ours.mjs';
import { tfjsCpu, tfjsWasm } from './contenders/tfjs.mjs';

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {boolean} [copies] whether its answer is the weights as they were
 * @property {(benchCase: import('./cases.mjs').Case, weights: readonly Float32Array[]) => Entry | Promise<Entry>} prepare
 *   makes all that is made once; the weights are for reading
 * @property {(network: import('./steps/networks.mjs').Network) => Promise<Entry>} [step] takes a train step too
 * @property {(benchCase: import('./cases.mjs').StepCase) => boolean} [takes] false of a case that it sits out
 * @property {Record<string, string>} [versions] of what it runs on
 * @property {() => unknown} [close]
 *
 * @typedef {object} Entry a contender in one case
 * @property {() => unknown} refill puts the first weights where `run` reads them; not timed
 * @property {() => number | void | Promise<number | void>} run the timed part; milliseconds, where it takes the time itself
 * @property {() => unknown} [renew] makes anew what may be slow or fast by chance, before each round
 * @property {() => ArrayLike<number>[] | Promise<ArrayLike<number>[]>} answer what the last run gave, one array a parameter
 * @property {() => unknown} [dispose]
 * @property {() => unknown} [detail] how it ran, for the JSON
 */

/**
 * @param {readonly string[]} pythons the interpreters that may have Keras; none leaves Keras out
 * @param {'software' | 'gpu' | undefined} browser where Chromium runs WebGPU; `undefined` leaves Chromium out
 * @returns {Promise<Contender[]>}
 */
export async function gatherContenders(pythons, browser) {
  const keras = await startKeras(pythons);
  const pages = browser === undefined ? [] : await startChromium(browser);
  return [memcpy, loops, tfjsWasm, tfjsCpu, canonical, ours, oursCopying, oursWasm, ...keras, ...pages];
}
