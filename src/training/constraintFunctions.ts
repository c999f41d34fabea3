// Constraints as functions of the model, one for each body, so that a viewer shows `MaxNorm` and not its nodes.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import {
  CONSTRAINTS_DOMAIN,
  CONSTRAINTS_VERSION,
  FUNCTIONS_SINCE,
  functionGraph,
  functionName,
} from '../constraints/constraintFunction.js';
import { documentationOf } from '../constraints/documentation.js';
import { UnsupportedError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { expressionKey } from '../lowering/expressionKey.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import type { Host } from './host.js';

/** The functions that a splice adds to its host. */
export class ConstraintFunctions {
  readonly #byBody = new Map<string, Graph>();
  readonly #names: Set<string>;

  /** @throws {UnsupportedError} where the host's IR version has no functions */
  constructor(private readonly host: Host) {
    const { irVersion, structure } = host;
    if (irVersion < FUNCTIONS_SINCE) {
      throw new UnsupportedError(
        `functions need IR version ${FUNCTIONS_SINCE}; the model has ${irVersion}, which is kept: leave functions out`,
      );
    }
    const ours = structure.functions.filter(({ domain }) => domain === CONSTRAINTS_DOMAIN);
    this.#names = new Set(ours.map(({ name }) => name));
  }

  /** The name of the function from `updated` to `result`; equal bodies share one. */
  nameFor(constraint: Constraint, updated: SymbolicTensor, result: SymbolicTensor): string {
    const key = expressionKey(result, updated);
    const known = this.#byBody.get(key);
    if (known !== undefined) return known.name;
    const inputs = new Map([[updated, 'w']]);
    const body = functionGraph({ opset: this.host.opset, inputs, result, output: 'w_out' });
    const name = this.#fresh(functionName(constraint));
    const { doc } = documentationOf(constraint);
    this.#byBody.set(key, { ...body, name, ...(doc !== undefined && { doc }) });
    return name;
  }

  /** Adds the functions to the host. */
  add(): void {
    const { structure } = this.host;
    for (const body of this.#byBody.values()) {
      structure.addFunction(CONSTRAINTS_DOMAIN, CONSTRAINTS_VERSION, body);
    }
  }

  #fresh(base: string): string {
    for (let n = 0; ; n++) {
      const name = n === 0 ? base : `${base}_${n}`;
      if (this.#names.has(name)) continue;
      this.#names.add(name);
      return name;
    }
  }
}
