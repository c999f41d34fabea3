// What a model with `training_info` starts from: the first values of its parameters projected, and a counter at zero.
// Must not import runtime, files or cli.
import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import type { Initializer } from '../graph/graph.js';
import { NameScope } from '../graph/nameScope.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { ModelTraining } from '../onnx/modelStructure.js';
import type { Host } from './host.js';
import { freshName, type InsertionTask, insertionFor } from './insertion.js';
import type { PlannedParameter } from './planParameter.js';
import type { ScheduleCounter } from './scheduleNodes.js';
import { SPLICED_PREFIX } from './splicedNames.js';

/**
 * Lets a parameter start projected: behind the value that an initialization binds it to; where none does, that of
 * `training` gets a copy of the stored value, and gives it projected.
 *
 * @param training the entry that updates the parameter
 */
export function planTrainingStart(
  parameter: string,
  insertion: InsertionTask,
  training: ModelTraining,
): Pick<PlannedParameter, 'nodes' | 'change'> {
  const { host, dtype, shape } = insertion;
  const bound = firstValueOf(parameter, host);
  const { training: owner, value: before } = bound ?? { training, value: freshName(insertion, 'stored') };
  const after = freshName(insertion, 'initial');
  const { graph, nodes } = insertionFor(insertion, before, after);
  return {
    nodes,
    change: () => {
      const initialization = owner.openInitialization();
      if (bound === undefined) {
        initialization.addInitializer({ name: before, value: storedValue(parameter, host) }, host.opset);
      }
      initialization.insertAfter(initialization.producerOf(before)?.node, graph, host.opset);
      initialization.addOutput({ name: after, dtype, shape });
      owner.bindInitial(parameter, after);
    },
  };
}

/** Adds a counter to the algorithm: an initializer at zero, which each step binds to its next value. */
export function addTrainingCounter(
  { input, output }: ScheduleCounter,
  training: ModelTraining,
  { opset, taken }: Host,
): void {
  const { algorithm, initialization } = training;
  const zero: TensorValue = { dtype: 'int64', dims: [], data: new BigInt64Array(1) };
  algorithm?.addInitializer({ name: input, value: zero }, opset);
  algorithm?.addOutput({ name: output, dtype: 'int64', shape: [] });
  training.bindUpdate(input, output);
  // Where training starts anew by an initialization, the counter does too.
  if (initialization === undefined) return;
  const name = new NameScope(`${SPLICED_PREFIX}schedule/`, taken).fresh('start');
  taken.add(name);
  const initializers: readonly Initializer[] = [{ name, value: zero }];
  const start = { name, opset, inputs: [], outputs: [], nodes: [], initializers };
  initialization.insertAfter(undefined, constantsAsNodes(start), opset);
  initialization.addOutput({ name, dtype: 'int64', shape: [] });
  training.bindInitial(input, name);
}

function firstValueOf(
  parameter: string,
  { structure }: Host,
): { readonly training: ModelTraining; readonly value: string } | undefined {
  for (const training of structure.trainings) {
    const found = training.initializationBinding.find(({ initializer }) => initializer === parameter);
    if (found !== undefined && training.initialization !== undefined) return { training, value: found.value };
  }
  return undefined;
}

function storedValue(name: string, { model }: Host): TensorValue {
  const tensors = [...model.tensors(), ...model.trainingTensors()];
  const found = tensors.find((tensor) => tensor.name === name && tensor.kind !== 'constant');
  // What is bound was described as an initializer before.
  if (found === undefined) throw new RangeError(`no initializer ${name}`);
  return found.read();
}
