// Means over the batches of an epoch, as Keras tells them: each batch counts by its samples, weighted metrics by their weights.
// Must not import other folders of fit but data and step.
import type { BatchSize } from '../data/dataset.js';
import type { MetricSpec } from '../step/trainStep.js';

interface Gathered {
  total: number;
  count: number;
}

/** Gathers numbers by name. */
export class Means {
  readonly #specs: ReadonlyMap<string, MetricSpec>;
  readonly #gathered = new Map<string, Gathered>();

  /** @param metrics those that are no plain means over the samples, among others */
  constructor(metrics: readonly MetricSpec[]) {
    this.#specs = new Map(metrics.map((spec) => [spec.name, spec]));
  }

  add(numbers: Readonly<Record<string, number>>, { size, weights }: BatchSize): void {
    for (const [name, value] of Object.entries(numbers)) {
      const spec = this.#specs.get(name);
      const counts = spec?.isWeighted === true ? (weights[spec.output] ?? size) : size;
      const sum = this.#gathered.get(name) ?? { total: 0, count: 0 };
      sum.total += (spec?.isRoot === true ? value ** 2 : value) * counts;
      sum.count += counts;
      this.#gathered.set(name, sum);
    }
  }

  /** Zero where nothing counts, as in Keras. @param prefix put in front of each name */
  result(prefix = ''): Record<string, number> {
    return Object.fromEntries(
      [...this.#gathered].map(([name, { total, count }]) => {
        const mean = count === 0 ? 0 : total / count;
        return [prefix + name, this.#specs.get(name)?.isRoot === true ? Math.sqrt(mean) : mean];
      }),
    );
  }
}
