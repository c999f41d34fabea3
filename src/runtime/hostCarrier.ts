// Carried values in the processor's memory: two sets of arrays, one read while the other is written. A value must not be
// written where it is read, since other nodes may read it after its new value was made.
// Must not import files or cli.
import { fromFloat64 } from '../graph/numbers.js';
import { elementCount, type TensorData, type TensorValue } from '../graph/tensorValue.js';
import { type Carried, type Carrier, checkKept, copyOf, type Fetched } from './carried.js';
import { runWithoutCopy } from './noCopyRoute.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import type { OutputRoute } from './outputRoute.js';

type Tensors = ReadonlyMap<string, OrtTensor>;

export class HostCarrier implements Carrier {
  #now: Tensors = new Map();
  /** What the last step found; the next one writes there. */
  #before: Tensors = new Map();
  /** Where outputs that are not carried are written when nothing is returned. */
  readonly #written: Tensors;

  constructor(
    readonly ort: OrtModule,
    readonly session: OrtSession,
    readonly carried: readonly Carried[],
    readonly fetched: readonly Fetched[],
    readonly route: OutputRoute,
  ) {
    this.#written = new Map(
      route === 'no-copy'
        ? fetched.map((output) => [output.name, emptyTensor(ort, { ...output, dims: output.dims ?? [] })])
        : [],
    );
  }

  async load(values: ReadonlyMap<string, TensorValue>): Promise<void> {
    const tensors = this.carried.map(({ name, dtype, dims }) => {
      const { data } = values.get(name) as TensorValue;
      return [name, tensorOver(this.ort, dtype, (data as Float32Array).slice(), dims)] as const;
    });
    this.#now = new Map(tensors);
    // With the same values, so that there is something before the first step too.
    this.#before = new Map(
      this.carried.map((own) => {
        const { data } = copyOf(own, this.#now.get(own.name) as OrtTensor);
        return [own.name, tensorOver(this.ort, own.dtype, data as Float32Array, own.dims)];
      }),
    );
  }

  async step(given: Readonly<Record<string, OrtTensor>>): Promise<ReadonlyMap<string, TensorValue>> {
    const feeds: Record<string, OrtTensor> = { ...given };
    for (const { name, input } of this.carried) feeds[input] = this.tensor(name);
    return this.route === 'returned' ? this.#returned(feeds) : this.#inPlace(feeds);
  }

  async read(name: string, when: 'now' | 'before' = 'now'): Promise<TensorValue> {
    const own = this.carried.find((each) => each.name === name) as Carried;
    return copyOf(own, (when === 'now' ? this.#now : this.#before).get(name) as OrtTensor);
  }

  tensor(name: string): OrtTensor {
    return this.#now.get(name) as OrtTensor;
  }

  release(): Promise<void> {
    return this.session.release();
  }

  async #inPlace(feeds: Record<string, OrtTensor>): Promise<ReadonlyMap<string, TensorValue>> {
    const fetches: Record<string, OrtTensor | null> = {};
    for (const { name, output } of this.carried) fetches[output] = this.#before.get(name) as OrtTensor;
    for (const { name } of this.fetched) fetches[name] = this.#written.get(name) ?? null;
    let results: Record<string, OrtTensor> = {};
    if (this.route === 'no-copy')
      await runWithoutCopy(this.session, feeds, fetches as Record<string, OrtTensor>);
    else results = await this.session.run(feeds, fetches);
    [this.#now, this.#before] = [this.#before, this.#now];
    return this.#results((name) => this.#written.get(name) ?? results[name]);
  }

  async #returned(feeds: Record<string, OrtTensor>): Promise<ReadonlyMap<string, TensorValue>> {
    const fetches: Record<string, null> = {};
    for (const { output } of this.carried) fetches[output] = null;
    for (const { name } of this.fetched) fetches[name] = null;
    const results = await this.session.run(feeds, fetches);
    const next = this.carried.map(
      (own) => [own.name, checkKept(own, results[own.output] as OrtTensor)] as const,
    );
    this.#before = this.#now;
    this.#now = new Map(next);
    return this.#results((name) => results[name]);
  }

  #results(find: (name: string) => OrtTensor | undefined): ReadonlyMap<string, TensorValue> {
    return new Map(
      this.fetched.map(({ name, dtype }) => {
        const tensor = find(name) as OrtTensor;
        return [name, copyOf({ dtype, dims: tensor.dims }, tensor)];
      }),
    );
  }
}

function emptyTensor(ort: OrtModule, { dtype, dims }: Pick<Carried, 'dtype' | 'dims'>): OrtTensor {
  const data: TensorData = fromFloat64(new Float64Array(elementCount(dims)), dtype, dims).data;
  return tensorOver(ort, dtype, data as Float32Array, dims);
}
