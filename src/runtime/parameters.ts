// Parameters on their way into a plan.
// Must not touch ONNX Runtime.
import type { Constraint } from '../constraints/constraint.js';
import type { Lowering } from '../lowering/lowerings.js';
import type { WeightDType } from '../lowering/storage.js';
import type { ParameterRefusal } from './projectionPlan.js';
import type { ProviderEntry } from './providerTable.js';

/** A parameter before a provider is chosen. */
export interface Parameter {
  readonly name: string;
  readonly constraint: Constraint;
  readonly dims: readonly number[];
  readonly dtype: WeightDType;
}

/** A parameter with the provider that runs it. */
export interface PlacedParameter extends Parameter {
  readonly provider: ProviderEntry;
  readonly cpuNodes: readonly string[];
  readonly refusals: readonly ParameterRefusal[];
}

/** A placed parameter with its form. */
export interface FormedParameter extends PlacedParameter {
  readonly lowering: Lowering;
  readonly bytes: number;
}
