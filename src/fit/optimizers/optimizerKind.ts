// What an optimizer says of itself: what it keeps for each variable, and how it changes one.
// Must not import other folders of fit but settings.
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';

/** One update of one variable. */
export interface UpdateCall {
  readonly settings: Settings;
  readonly variable: SymbolicTensor;
  readonly gradient: SymbolicTensor;
  readonly learningRate: SymbolicTensor;
  /** The number of the update as a float, 1 in the first. */
  readonly step: SymbolicTensor;
  /** What is kept for the variable, by name, as it was before the step. */
  readonly slot: (name: string) => SymbolicTensor;
  /** What is the same for every variable: made for the first, and given to the others. */
  readonly once: (name: string, make: () => SymbolicTensor) => SymbolicTensor;
  /** What is kept for all variables together, by name, as it is after the step. */
  readonly shared: (name: string) => SymbolicTensor;
}

/** What an update gives. */
export interface Update {
  readonly variable: SymbolicTensor;
  /** Every slot after the step. */
  readonly slots: Readonly<Record<string, SymbolicTensor>>;
}

/** A number that is kept for all variables together. */
export interface SharedSlot {
  readonly initial: number;
  /** It after the step. */
  readonly next: (before: SymbolicTensor, call: Pick<UpdateCall, 'settings' | 'step'>) => SymbolicTensor;
}

export interface OptimizerKind {
  readonly settings: readonly string[];
  readonly learningRate: number;
  /** The decay of weights where the config does not tell; default none. */
  readonly weightDecay?: number;
  /** What is kept for each variable, in groups: Keras stores a group for all variables before the next group. */
  readonly slots: (settings: Settings) => readonly (readonly string[])[];
  /** What every slot holds before the first step. Default 0. */
  readonly initial?: (settings: Settings) => number;
  /** By name; Keras stores them behind the slots. */
  readonly shared?: Readonly<Record<string, SharedSlot>>;
  readonly update: (call: UpdateCall) => Update;
}
