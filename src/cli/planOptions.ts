// What the commands that follow a plan are given, and what they work on.
import type { Plan } from '../resolve/plan.js';

/** The options of every command that follows a plan. */
export interface PlanOptions {
  /** May be missing for a model that carries its constraints. */
  readonly config?: string;
  readonly plugin?: readonly string[];
  readonly provider: readonly string[];
  readonly includeFrozen?: boolean;
  readonly allowUnresolved?: boolean;
}

export interface PlannedModel {
  readonly plan: Plan;
  /** Writes the model with what has been written to the plan's tensors, whole or not at all. */
  write(out: string): Promise<void>;
}
