// Keras's own training with constraints out of the fixtures; `test/fit/makeCases.py` makes some of them.
// Must not hold reference arithmetic.
import { readFileSync } from 'node:fs';
import { type FitCase, parseFitCase } from './followFit.js';

const folder = new URL('../fixtures/fit/', import.meta.url);

/** Every case, by the name of its folder. */
export const fitCases: readonly string[] = [
  'dense',
  'conv2d',
  'conv1d',
  'conv3d',
  'batch_norm',
  'shared',
  'autoencoder',
];

/** What Keras answered for a case. */
export function readFitCase(name: string): FitCase {
  const read = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(`${name}/${file}`, folder)));
  return parseFitCase(read('initial.keras'), read('trajectory.safetensors'));
}
