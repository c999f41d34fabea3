// What an optimizer keeps from step to step beside the variables.
// Must not import other folders of fit.
import { type SymbolicTensor, symbolicInput } from '../../ops/symbolicTensor.js';

/** Something that is kept from step to step. */
export interface Slot {
  /** `optimizer/<path of the variable>/<name>`, or `optimizer/<name>` */
  readonly name: string;
  readonly before: SymbolicTensor;
  readonly after: SymbolicTensor;
  /** What every element holds before the first step. */
  readonly initial: number;
}

/** Slots in the order in which they were declared, which is the one in which Keras stores them. */
export class Slots {
  readonly #declared = new Map<string, Omit<Slot, 'after'>>();
  readonly #after = new Map<string, SymbolicTensor>();

  declare(name: string, shape: readonly number[], initial = 0): void {
    this.#declared.set(name, { name, before: symbolicInput(name, 'float32', shape), initial });
  }

  before(name: string): SymbolicTensor {
    const slot = this.#declared.get(name);
    if (slot === undefined) throw new RangeError(`no slot ${name}`);
    return slot.before;
  }

  /** Says what a slot holds after the step. */
  keep(name: string, after: SymbolicTensor): void {
    this.#after.set(name, after);
  }

  all(): readonly Slot[] {
    return [...this.#declared.values()].map((slot) => ({
      ...slot,
      after: this.#after.get(slot.name) ?? slot.before,
    }));
  }
}

/** The name of a slot of a variable; of one for all without a path. */
export const slotName = (name: string, path?: string): string =>
  path === undefined ? `optimizer/${name}` : `optimizer/${path}/${name}`;
