// What a metric says of itself.
// Must not import other folders of fit but settings.
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';

export interface MetricKind {
  readonly settings: readonly string[];
  /** What labels it takes: numbers of classes, or as many numbers as a prediction has. */
  readonly labels: 'classes' | 'values';
  /** Whether more is better. */
  readonly rises: boolean;
  /** Whether the root of the mean is told, and not the mean. */
  readonly isRoot?: boolean;
  /** The metric of each entry of the batch (or of more dimensions behind it); its mean is what is told. */
  readonly call: (labels: SymbolicTensor, predictions: SymbolicTensor, settings: Settings) => SymbolicTensor;
}

/** The metrics of a family, by Keras's class name. */
export type MetricFamily = Readonly<Record<string, MetricKind>>;
