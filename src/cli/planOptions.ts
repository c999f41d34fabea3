// What the commands that follow a plan are given, and what they work on.
import type { ScratchFile } from '../files/scratchFile.js';
import type { Plan } from '../resolve/plan.js';

/** The options of every command that follows a plan. */
export interface PlanOptions {
  /** May be missing for a model that carries its constraints. */
  readonly config?: string;
  /** The export made from the Keras file, where the model was trained on since. */
  readonly reference?: string;
  /** Where the result goes, for commands that have one. */
  readonly out?: string;
  readonly plugin?: readonly string[];
  readonly provider: readonly string[];
  readonly includeFrozen?: boolean;
  readonly allowUnresolved?: boolean;
  /** Where tensors in data files stay between being projected and being written. */
  readonly scratch?: ScratchFile;
}

/** A plan, and how its model is written. */
export interface MadePlan {
  readonly plan: Plan;
  /** What was found in the constraints' file that may not be meant. */
  readonly found: readonly string[];
  /** Writes the model with what has been written to the plan's tensors, whole or not at all. */
  write(out: string): Promise<void>;
}

export interface PlannedModel extends Pick<MadePlan, 'plan' | 'write'> {
  /** What was told on standard error. */
  readonly warnings: readonly string[];
}
