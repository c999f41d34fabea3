// A model traced into symbolic tensors, from inputs and variables to outputs.
// Must not import other folders of fit but settings, layers and regularizers.
import { ConfigError, ConstraintError, ShapeError, UnsupportedError } from '../../graph/errors.js';
import { randomLike } from '../../ops/random.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { LayerCall } from '../layers/layerKind.js';
import { layerKind } from '../layers/layerKinds.js';
import { activityPenalty, regularizerSettings, variablePenalties } from '../regularizers/layerPenalties.js';
import type { TensorRef } from './inboundNodes.js';
import type { LayerEntry, ModelGraph } from './modelGraph.js';

export interface TraceOptions {
  readonly training: boolean;
  /** The variable of a layer. `inputs` are those of the call at hand. */
  readonly variable: (layer: LayerEntry, name: string, inputs: readonly SymbolicTensor[]) => SymbolicTensor;
  /** For what is drawn anew in each step. Default 0. */
  readonly seed?: number;
}

export interface Trace {
  readonly outputs: readonly SymbolicTensor[];
  /** What variables that training does not change hold after the step, by path. */
  readonly updates: ReadonlyMap<string, SymbolicTensor>;
  /** What regularizers add to the loss. */
  readonly penalties: readonly SymbolicTensor[];
}

/** Calls every layer once for each of its uses. @throws {UnsupportedError | ConfigError | ShapeError} by the layer's name */
export function traceModel(
  graph: ModelGraph,
  inputs: readonly SymbolicTensor[],
  options: TraceOptions,
): Trace {
  const tracer = new Tracer(options);
  const outputs = tracer.run(graph, inputs);
  return { outputs, updates: tracer.updates, penalties: tracer.penalties };
}

/** Settings that every layer has, or that say something of its variables alone. */
const commonSettings: readonly string[] = [
  'name',
  'trainable',
  'dtype',
  'batch_input_shape',
  'batch_shape',
  ...['kernel', 'bias', 'gamma', 'beta', 'depthwise', 'pointwise', 'embeddings', 'alpha'].flatMap((name) => [
    `${name}_initializer`,
    `${name}_constraint`,
  ]),
  ...regularizerSettings,
  'moving_mean_initializer',
  'moving_variance_initializer',
];

class Tracer {
  readonly updates: Map<string, SymbolicTensor> = new Map();
  readonly penalties: SymbolicTensor[] = [];
  /** Layers whose variables are regularized already: shared ones are once. */
  readonly #regularized = new Set<string>();
  #draws = 0;

  constructor(private readonly options: TraceOptions) {}

  run(graph: ModelGraph, inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    const values = new Map<string, readonly SymbolicTensor[]>();
    graph.inputs.forEach(({ name }, i) => {
      values.set(`${name}:0`, [inputs[i] as SymbolicTensor]);
    });
    const find = ([name, node, tensor]: TensorRef): SymbolicTensor => {
      const found = values.get(`${name}:${node}`)?.[tensor];
      if (found !== undefined) return found;
      throw new ConfigError(`there is no result ${tensor} of call ${node} of layer '${name}'`);
    };
    for (const { layer, node, inputs: refs } of graph.uses) {
      values.set(`${layer.name}:${node}`, this.#use(layer, refs.map(find)));
    }
    return graph.outputs.map(find);
  }

  #use(layer: LayerEntry, inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    if (layer.graph !== undefined) return this.run(layer.graph, inputs);
    const { settings, className } = layer;
    const kind = layerKind(className, settings.place);
    settings.refuseOthers([...commonSettings, ...kind.settings]);
    try {
      const used = new Map<string, SymbolicTensor>();
      const result = kind.call(this.#call(layer, inputs, used));
      this.#regularize(layer, used, result);
      return [result];
    } catch (error) {
      if (!(error instanceof ConstraintError) || error.path !== undefined) throw error;
      const Kind = error instanceof UnsupportedError ? UnsupportedError : ShapeError;
      throw new Kind(`${settings.owner}: ${error.detail}`, { ...settings.place, cause: error });
    }
  }

  /** As Keras, leaves out the variables of frozen layers, but not their results. */
  #regularize(layer: LayerEntry, used: ReadonlyMap<string, SymbolicTensor>, result: SymbolicTensor): void {
    const { settings, path, trainable } = layer;
    if (trainable && !this.#regularized.has(path)) {
      this.penalties.push(...variablePenalties(settings, used));
    }
    this.#regularized.add(path);
    const penalty = activityPenalty(settings, result);
    if (penalty !== undefined) this.penalties.push(penalty);
  }

  /** @param used gets the variables that the call asks for, by name */
  #call(layer: LayerEntry, inputs: readonly SymbolicTensor[], used: Map<string, SymbolicTensor>): LayerCall {
    const { settings, trainable } = layer;
    const { training, variable, seed = 0 } = this.options;
    return {
      settings,
      training,
      trainable,
      inputs,
      get input(): SymbolicTensor {
        const [only, ...others] = inputs;
        if (only !== undefined && others.length === 0) return only;
        throw new ConfigError(`takes one input, found ${inputs.length}`);
      },
      variable: (name) => {
        const found = variable(layer, name, inputs);
        used.set(name, found);
        // A shared layer goes on from what its last call made of it.
        return this.updates.get(`${layer.path}/${name}`) ?? found;
      },
      update: (name, value) => this.updates.set(`${layer.path}/${name}`, value),
      uniform: (like) => {
        this.#draws += 1;
        return randomLike(like, seed * 1000 + this.#draws);
      },
    };
  }
}
