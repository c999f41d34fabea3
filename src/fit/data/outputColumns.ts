// Labels and weights of samples for each output of a model: given as one array, a list or an object by name.
// Must not import other folders of fit but models and step.
import { type ErrorPlace, UsageError } from '../../graph/errors.js';
import { type ByOutput, byOutput } from '../models/byOutput.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { LabelSpec } from '../step/trainStep.js';
import { type Column, readColumn } from './columns.js';
import { type DataArray, isArray } from './dataArray.js';

/** @throws {UsageError | ShapeError} where labels are missing, or do not fit an output */
export function labelColumns(
  { outputNames }: TrainableModel,
  labels: readonly LabelSpec[],
  y: ByOutput<DataArray> | undefined,
  place: ErrorPlace,
): readonly Column[] {
  const entries = entriesOf(outputNames, labels, { what: 'y', given: y }, place);
  return labels.map((spec, i) => readColumn({ ...spec, name: spec.input }, entries[i], place));
}

/**
 * Weights for each output that takes labels; 1 for those to which none are given.
 *
 * @param size how many samples there are
 * @throws {UsageError | ShapeError} where they do not fit the samples or the outputs
 */
export function weightColumns(
  { outputNames }: TrainableModel,
  labels: readonly LabelSpec[],
  sampleWeight: ByOutput<DataArray>,
  size: number,
  place: ErrorPlace,
): readonly Column[] {
  const read = (name: string, given: unknown): Column =>
    readColumn({ name, dtype: 'float32', shape: [] }, given, place);
  if (isArray(sampleWeight) || outputNames.length === 1) {
    const forAll = read('sample_weight', sampleWeight);
    return labels.map(({ weights: name }) => ({ ...forAll, name }));
  }
  const entries = entriesOf(outputNames, labels, { what: 'sampleWeight', given: sampleWeight }, place);
  return labels.map(({ weights }, i) => read(weights, entries[i] ?? new Float32Array(size).fill(1)));
}

/** @throws {UsageError} where a label is the number of no class */
export function checkLabels(
  columns: readonly Column[],
  labels: readonly LabelSpec[],
  place: ErrorPlace,
): void {
  for (const [i, { kind, classes }] of labels.entries()) {
    if (kind === 'classes') checkClasses(columns[i] as Column, classes, place);
  }
}

/** What is given to the outputs that take labels. As Keras, lists may leave out those that take none. */
function entriesOf(
  outputNames: readonly string[],
  labels: readonly LabelSpec[],
  { what, given }: { readonly what: string; readonly given: unknown },
  place: ErrorPlace,
): readonly unknown[] {
  const labelled = labels.map(({ output }) => output);
  if (outputNames.length === 1 || (labels.length === 1 && isArray(given))) return [given];
  if (typeof given !== 'object' || given === null || isArray(given)) {
    throw new UsageError(
      `${what}: the model has the outputs ${outputNames.join(', ')}; give an object with an array of each, or a list`,
      place,
    );
  }
  const isShort = Array.isArray(given) && given.length === labelled.length;
  const names = isShort ? labelled : outputNames;
  const entries = byOutput(given, names, place, `${what}: `);
  return labelled.map((output) => entries[names.indexOf(output)]);
}

function checkClasses({ name, data }: Column, classes: number, place: ErrorPlace): void {
  const odd = (data as Int32Array).findIndex((label) => label < 0 || label >= classes);
  if (odd < 0) return;
  throw new UsageError(
    `${name}: label ${data[odd]} of sample ${odd} is out of range; the model has ${classes} classes, 0 to ${classes - 1}`,
    place,
  );
}
