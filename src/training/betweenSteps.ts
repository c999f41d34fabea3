// Constraints applied between the steps of an unconstrained step, by a Projector: the other way to what a splice gives.
// Must not import files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { UnsupportedError } from '../graph/errors.js';
import type { WeightDType } from '../lowering/storage.js';
import type { Carrier } from '../runtime/carried.js';
import type { OrtTensor } from '../runtime/ort.js';
import { Projector, type ProjectorGround } from '../runtime/projector.js';
import { type ProviderEntry, providerName } from '../runtime/providerTable.js';
import type { CarriedValue } from './carriedValues.js';
import { checkSchedule, type Schedule } from './schedule.js';
import type { StepDescription } from './stepDescription.js';
import { constraintOf, groupParameters } from './stepParameters.js';

/** Projects the parameters of a step where the loop holds them. */
export class BetweenSteps {
  private constructor(
    readonly projector: Projector,
    readonly names: readonly string[],
    readonly schedule: Schedule,
  ) {}

  /**
   * @param ground its providers are not looked at: parameters are projected where the step leaves them
   * @returns undefined where no parameter has a constraint
   */
  static async create(
    description: StepDescription,
    values: readonly CarriedValue[],
    provider: ProviderEntry,
    ground: Omit<ProjectorGround, 'providers'>,
  ): Promise<BetweenSteps | undefined> {
    const { schedule = {}, file } = description;
    const specs = groupParameters(description).flatMap((group, i) => {
      const { name, dims, dtype } = values[i] as CarriedValue;
      const constraint: Constraint | null = constraintOf(group, dims, {
        provider: providerName(provider),
        file,
      });
      return constraint === null
        ? []
        : [[name, { shape: dims, dtype: dtype as WeightDType, constraint }] as const];
    });
    if (specs.length === 0) return undefined;
    const projector = await Projector.on({ ...ground, providers: [provider] }, Object.fromEntries(specs));
    return new BetweenSteps(
      projector,
      specs.map(([name]) => name),
      schedule,
    );
  }

  /** Before the first step, where the schedule says so. */
  async start(carrier: Carrier): Promise<void> {
    if (this.schedule.initial === true) await this.#project(carrier);
  }

  /** After a step, counted from 1, if its turn has come. */
  async after(step: number, carrier: Carrier): Promise<void> {
    const { every = 1, warmUp = 0 } = this.schedule;
    if (step > warmUp && (step - warmUp) % every === 0) await this.#project(carrier);
  }

  #project(carrier: Carrier): Promise<void> {
    const tensors: Record<string, OrtTensor> = {};
    for (const name of this.names) tensors[name] = carrier.tensor(name);
    return this.projector.project(tensors);
  }
}

/** @throws {UnsupportedError} where a schedule needs to look into the step */
export function checkOwnSchedule({ schedule, file }: StepDescription): void {
  if (schedule === undefined) return;
  checkSchedule(schedule, { file, path: 'schedule' });
  if (schedule.when === undefined) return;
  throw new UnsupportedError(
    `'${schedule.when}' is a value inside the step, which a Projector between steps does not see; leave out projector, and the constraints are put into the step`,
    { file, path: 'schedule.when' },
  );
}
