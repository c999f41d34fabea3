// Weights of classes turned into weights of samples, as Keras does.
// Must not import other folders of fit but step.
import { UsageError } from '../../graph/errors.js';
import type { LabelSpec } from '../step/trainStep.js';

/** How much the samples of each class count, by the number of the class; 1 where it is not named. */
export type ClassWeight = Readonly<Record<number, number>>;

/**
 * The weight of each sample: that of its class, which is its label or, of a label of several numbers, the largest's place.
 *
 * @throws {UsageError} where a sample has labels of several classes, or a weight is no number from 0
 */
export function sampleWeightsOf(
  classWeight: ClassWeight,
  labels: LabelSpec,
  data: Float32Array | Int32Array,
): Float32Array {
  for (const [label, weight] of Object.entries(classWeight)) {
    if (/^\d+$/.test(label) && typeof weight === 'number' && Number.isFinite(weight) && weight >= 0) continue;
    throw new UsageError(
      `classWeight: weights are numbers from 0 by the numbers of classes, found ${label}: ${weight}`,
    );
  }
  const width = labels.kind === 'classes' ? 1 : labels.classes;
  if (labels.shape.length > (labels.kind === 'classes' ? 0 : 1)) {
    throw new UsageError('classWeight: each sample has labels of several classes; give sampleWeight');
  }
  return Float32Array.from({ length: data.length / width }, (_, i) => {
    const own = data.subarray(i * width, (i + 1) * width);
    const label = width === 1 ? Math.round(own[0] as number) : own.indexOf(Math.max(...own));
    return classWeight[label] ?? 1;
  });
}
