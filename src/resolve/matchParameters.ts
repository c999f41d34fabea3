// Which parameter of a train step each Keras variable is, by name and shape: the step tells no values before it runs.
// Must not import runtime, files or cli.
import type { Layout } from '../constraints/layout.js';
import { formatShape } from '../graph/shape.js';
import type { KerasModel, KerasVariable } from '../keras/kerasModel.js';
import { whyMisfit } from './misfit.js';
import { decideAmong, fittingLayouts, type Parameter } from './parameterLayouts.js';
import { nameAgreement } from './parameterNames.js';
import { WholeTensor } from './placement.js';
import type { Plan, PlanEntry } from './plan.js';

/** What told which parameter a variable is: its name, that no other has its shape, or its values. */
export type ParameterHow = 'name' | 'shape' | 'value';

export interface ParameterEntry extends PlanEntry {
  readonly toldBy?: ParameterHow;
}

export interface ParameterPlan extends Plan {
  readonly entries: readonly ParameterEntry[];
}

export interface MatchOptions {
  /** Place frozen variables too. Default false: they are listed and left alone, as Keras does. */
  readonly includeFrozen?: boolean;
}

/**
 * The plan for the constrained variables of `keras` on the parameters of a train step.
 *
 * A parameter is a variable where their names agree (`fc1.weight` is `fc1/kernel`) and it has the variable's sizes in an
 * order that frameworks store such a variable in; without a name, where no other parameter and no other trainable
 * variable has them. Where sizes leave several orders (a square kernel), the nodes that read the parameter in the
 * forward pass decide. What stays open is `unresolved` with the reason.
 */
export function matchParameters(
  parameters: readonly Parameter[],
  keras: KerasModel,
  { includeFrozen = false }: MatchOptions = {},
): ParameterPlan {
  const search = new ParameterSearch(parameters, keras.variables, includeFrozen);
  const entries = keras.variables.flatMap((variable): ParameterEntry[] => {
    const { constraint, refusal } = variable;
    if (constraint === null) return [];
    const misfit = refusal ?? whyMisfit(variable, constraint);
    const common = { variable, constraint, fits: misfit === undefined, placements: [], tensors: [] };
    if (refusal !== undefined) return [{ ...common, status: 'unresolved', reason: refusal }];
    if (!variable.trainable && !includeFrozen) return [{ ...common, status: 'frozen' }];
    const found = misfit ?? search.find(variable);
    if (typeof found === 'string') return [{ ...common, status: 'unresolved', reason: found }];
    const layout = decideAmong(variable, constraint, found.parameter, found.layouts);
    if (typeof layout === 'string') return [{ ...common, status: 'unresolved', reason: layout }];
    const { tensor } = found.parameter;
    const placements = [new WholeTensor(tensor, layout)];
    return [{ ...common, status: 'resolved', placements, tensors: [tensor], toldBy: found.toldBy }];
  });
  return { entries, lost: keras.lost };
}

interface Candidate {
  readonly parameter: Parameter;
  readonly layouts: readonly Layout[];
}

interface FoundParameter extends Candidate {
  readonly toldBy: ParameterHow;
}

class ParameterSearch {
  readonly #named = new Map<KerasVariable, readonly Candidate[]>();
  readonly #claimed = new Set<Parameter>();
  /** The variables that training changes: each is a parameter of the step. */
  readonly #trained: readonly KerasVariable[];

  constructor(
    readonly parameters: readonly Parameter[],
    readonly variables: readonly KerasVariable[],
    includeFrozen: boolean,
  ) {
    this.#trained = variables.filter(({ trainable }) => trainable || includeFrozen);
    for (const variable of variables) this.#named.set(variable, this.#findNamed(variable));
    for (const [candidate] of this.#named.values()) if (candidate) this.#claimed.add(candidate.parameter);
  }

  /** The parameter that the variable is, or why that is not known. */
  find(variable: KerasVariable): FoundParameter | string {
    if (variable.shape === undefined) {
      return 'the Keras file does not tell its shape; give a file with weights, or the config of a built model';
    }
    const named = this.#named.get(variable) ?? [];
    const [only] = named;
    if (only === undefined) return this.#findByShape(variable);
    if (named.length > 1) return `${namesOf(named)} both have its name`;
    const rival = this.variables.find(
      (other) =>
        other !== variable && this.#named.get(other)?.some(({ parameter }) => parameter === only.parameter),
    );
    return rival === undefined
      ? { ...only, toldBy: 'name' }
      : `${only.parameter.tensor.name} has the name of ${rival.path} as well`;
  }

  /** The parameters that fit and agree best in name; those that agree better with another variable are its. */
  #findNamed(variable: KerasVariable): readonly Candidate[] {
    const rated = this.#fitting(variable, this.parameters).map((candidate) => ({
      candidate,
      rate: nameAgreement(variable, candidate.parameter.tensor.name),
    }));
    const best = Math.max(1, ...rated.map(({ rate }) => rate));
    return rated
      .filter(({ rate, candidate }) => rate === best && !this.#isNearerToAnother(variable, candidate, rate))
      .map(({ candidate }) => candidate);
  }

  #isNearerToAnother(variable: KerasVariable, { parameter }: Candidate, rate: number): boolean {
    const { name, dims } = parameter.tensor;
    return this.variables.some(
      (other) =>
        other !== variable && nameAgreement(other, name) > rate && fittingLayouts(other, dims).length > 0,
    );
  }

  #findByShape(variable: KerasVariable): FoundParameter | string {
    const open = this.parameters.filter((parameter) => !this.#claimed.has(parameter));
    const candidates = this.#fitting(variable, open);
    const [only] = candidates;
    const shape = formatShape(variable.shape);
    if (only === undefined) return this.#whyNone(variable);
    if (candidates.length > 1) {
      return `${namesOf(candidates)} all have the sizes of ${shape}, and no name tells which it is`;
    }
    const rival = this.#trained.find(
      (other) =>
        other !== variable &&
        this.#named.get(other)?.length === 0 &&
        fittingLayouts(other, only.parameter.tensor.dims).length > 0,
    );
    return rival === undefined
      ? { ...only, toldBy: 'shape' }
      : `${only.parameter.tensor.name} has the sizes of ${rival.path} as well, and no name tells which it is`;
  }

  #fitting(variable: KerasVariable, parameters: readonly Parameter[]): readonly Candidate[] {
    return parameters.flatMap((parameter) => {
      const layouts = fittingLayouts(variable, parameter.tensor.dims);
      return layouts.length === 0 ? [] : [{ parameter, layouts }];
    });
  }

  #whyNone(variable: KerasVariable): string {
    const shape = formatShape(variable.shape);
    const named = this.parameters.find(({ tensor }) => nameAgreement(variable, tensor.name) > 0);
    if (named !== undefined) {
      const { name, dims } = named.tensor;
      return `${name} has its name and shape ${formatShape(dims)}, which is ${shape} in no layout that is known`;
    }
    const others = this.#fitting(variable, this.parameters);
    return others.length === 0
      ? `no parameter of the step has the sizes of ${shape}`
      : `only ${namesOf(others)} has the sizes of ${shape}, by its name another variable`;
  }
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(({ parameter }) => parameter.tensor.name).join(', ');
}
