// What the labels of an output must be, by its loss or, without one, by its metrics.
// Must not import other folders of fit but losses, metrics and models.
import { ShapeError, UsageError } from '../../graph/errors.js';
import { formatShape } from '../../graph/shape.js';
import { dimsOf } from '../../ops/moving.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Loss } from '../losses/lossTable.js';
import { labelsOfMetric } from '../metrics/metricTable.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { GivenMetric } from './outputMetrics.js';
import type { LabelSpec } from './trainStep.js';

/**
 * `undefined` where an output has neither loss nor metrics, and so takes no labels.
 *
 * @param index the number of the output
 * @throws {ShapeError} where its shape is open
 * @throws {UsageError} where nothing says what its labels are
 */
export function labelSpec(
  { outputNames }: TrainableModel,
  index: number,
  predictions: SymbolicTensor,
  loss: Loss | undefined,
  given: readonly GivenMetric[],
): LabelSpec | undefined {
  const output = outputNames[index] as string;
  const own = given.filter((metric) => metric.output === output);
  if (loss === undefined && own.length === 0) return undefined;
  const kind = loss?.kind.labels ?? kindByMetrics(output, own);
  const [, ...shape] = dimsOf('loss', predictions);
  const sizes = shape.filter((size) => typeof size === 'number');
  const classes = sizes.at(-1);
  if (classes === undefined || sizes.length !== shape.length) {
    const which = outputNames.length === 1 ? '' : ` as '${output}'`;
    throw new ShapeError(
      `the model gives ${formatShape(predictions.shape)}${which}; a loss needs at least two dimensions, known but for the batch`,
    );
  }
  const suffix = outputNames.length === 1 ? '' : `_${output}`;
  return {
    output,
    input: `y${suffix}`,
    weights: `sample_weight${suffix}`,
    ...(kind === 'classes'
      ? { kind, dtype: 'int32', shape: sizes.slice(0, -1), classes }
      : { kind, dtype: 'float32', shape: sizes, classes }),
  };
}

function kindByMetrics(output: string, given: readonly GivenMetric[]): LabelSpec['kind'] {
  const [kind] = given.flatMap((metric) => labelsOfMetric(metric) ?? []);
  if (kind !== undefined) return kind;
  throw new UsageError(
    `the output '${output}' has no loss, so that its labels may be of any kind; name the accuracy that is meant, such as categorical_accuracy`,
    given[0]?.place,
  );
}
