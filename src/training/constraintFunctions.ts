// Constraints as functions of the model, one for each body, so that a viewer shows `MaxNorm` and not its nodes.
// Must not import runtime, files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { FunctionConstraint } from '../constraints/functionConstraint.js';
import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import { UnsupportedError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { expressionKey } from '../lowering/expressionKey.js';
import { lower } from '../ops/lower.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import type { Host } from './host.js';
import { CONSTRAINTS_DOMAIN } from './splicedNames.js';

/** The IR version that functions came with. */
const FUNCTIONS_SINCE = 8;

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
    const builder = new GraphBuilder({ opset: this.host.opset });
    builder.input({ name: 'w', dtype: updated.dtype, shape: undefined });
    builder.output({ name: 'w_out', dtype: result.dtype, shape: undefined });
    lower(result, new Map([[updated, 'w']]), builder, 'w_out');
    const body = constantsAsNodes(builder.build(''));
    const name = this.#fresh(functionName(constraint));
    this.#byBody.set(key, { ...body, name, ...docOf(constraint) });
    return name;
  }

  /** Adds the functions to the host. */
  add(): void {
    const { structure } = this.host;
    for (const fn of this.#byBody.values()) structure.addFunction(CONSTRAINTS_DOMAIN, fn);
    if (this.#byBody.size > 0) structure.importOpset(CONSTRAINTS_DOMAIN, 1);
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

/** Names of operators are identifiers; class names may hold more. */
function functionName(constraint: Constraint): string {
  const name = constraint instanceof FunctionConstraint ? constraint.fn.name : classNameOf(constraint);
  return name.replace(/\W/g, '_') || 'constraint';
}

function docOf(constraint: Constraint): { readonly doc?: string } {
  if (constraint instanceof FunctionConstraint) return {};
  const args = Object.entries(constraint.getConfig()).map(
    ([key, value]) => `${key}=${JSON.stringify(value)}`,
  );
  return { doc: `${classNameOf(constraint)}(${args.join(', ')})` };
}
