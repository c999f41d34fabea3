// What a loss says of itself.
// Must not import other folders of fit but settings.
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';

export interface LossKind {
  readonly settings: readonly string[];
  /** What labels are: the number of a class for each prediction, or as many numbers as a prediction has. */
  readonly labels: 'classes' | 'values';
  /** The loss of each prediction; its last dimension is gone. */
  readonly call: (labels: SymbolicTensor, predictions: SymbolicTensor, settings: Settings) => SymbolicTensor;
}

/** The losses of a family, by Keras's class name. */
export type LossFamily = Readonly<Record<string, LossKind>>;

/** @throws {ConfigError} where a loss is to look along another dimension than the last */
export function lastAxisOnly(settings: Settings): void {
  if (settings.integer('axis', -1) !== -1) throw settings.refuse('axis', '-1');
}
