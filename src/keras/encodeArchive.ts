// A new `.keras` archive. The same content gives the same bytes.
// Must not import fflate or h5wasm but on demand.
import { encodeH5, type H5Group } from './h5Writer.js';
import { writeJson } from './writeJson.js';

export interface ArchiveContent {
  /** The model as Keras serializes it. */
  readonly config: object;
  readonly kerasVersion: string;
  /** The groups of model.weights.h5. */
  readonly weights: readonly H5Group[];
}

/** The settings that Keras takes as floats alone, or whose dtype it goes on computing in: those of optimizers and schedules, and weights of losses. */
const floats: ReadonlySet<string> = new Set([
  'learning_rate',
  'momentum',
  'initial_learning_rate',
  'end_learning_rate',
  'decay_rate',
  'warmup_target',
  'alpha',
  'power',
  't_mul',
  'm_mul',
  'values',
  'loss_weights',
]);

/** The bytes of the archive. */
export async function encodeArchive({ config, kerasVersion, weights }: ArchiveContent): Promise<Uint8Array> {
  const { strToU8, zipSync } = await import('fflate');
  const h5 = await encodeH5(weights);
  // Zip keeps dates from 1980 on, in the time of the place: the second day is in 1980 everywhere.
  const options = { level: 0, mtime: '1980-01-02' } as const;
  return zipSync({
    'metadata.json': [strToU8(JSON.stringify({ keras_version: kerasVersion })), options],
    'config.json': [strToU8(writeJson(config, (key) => floats.has(key))), options],
    'model.weights.h5': [h5, options],
  });
}
