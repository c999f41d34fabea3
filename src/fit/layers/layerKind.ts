// What a layer class says of itself: which settings it reads, and what it makes of its input.
// Must not import other folders of fit but settings.
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';

/** One use of a layer while a model is traced. */
export interface LayerCall {
  readonly settings: Settings;
  /** Its only input. @throws {ConfigError} where it has several */
  readonly input: SymbolicTensor;
  readonly inputs: readonly SymbolicTensor[];
  /** Whether the model is being trained. */
  readonly training: boolean;
  /** Whether the layer is: a frozen one keeps its variables as they are. */
  readonly trainable: boolean;
  /** A variable of the layer, by the name that the table of Keras layers gives it. */
  readonly variable: (name: string) => SymbolicTensor;
  /** Says what a variable that training does not change holds after the step. */
  readonly update: (name: string, value: SymbolicTensor) => void;
  /** Numbers from 0 to below 1, other ones at each step, in the shape of a tensor. */
  readonly uniform: (like: SymbolicTensor) => SymbolicTensor;
}

/** A layer class. */
export interface LayerKind {
  /** The settings it reads, beside those that every layer has and those of its variables. */
  readonly settings: readonly string[];
  readonly call: (layer: LayerCall) => SymbolicTensor;
}

/** The layer classes of a family, by Keras's class name. */
export type LayerFamily = Readonly<Record<string, LayerKind>>;
