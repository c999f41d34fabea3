// Carried values on a GPU: what a step gives stays there and is fed to the next; only what is asked for comes back.
// Must not import files or cli.
import { fromFloat64 } from '../graph/numbers.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import { type Carried, type Carrier, checkKept, copyOf, type Fetched } from './carried.js';
import { DeviceMemory } from './deviceMemory.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import type { NumberArray } from './outputRoute.js';
import type { SessionSettings } from './sessions.js';

type Tensors = ReadonlyMap<string, OrtTensor>;

/** Whether a value is kept on the device: counters and float64 are not computed there. */
export function staysOnDevice({ dtype }: Pick<Carried, 'dtype'>): boolean {
  return dtype === 'float32' || dtype === 'float16';
}

/** What a step gives. */
export interface StepOutputs {
  readonly carried: readonly Carried[];
  readonly fetched: readonly Fetched[];
  /** Outputs that nobody asks for. */
  readonly others: readonly string[];
}

export class DeviceCarrier implements Carrier {
  readonly #memory: DeviceMemory;
  #now: Tensors = new Map();
  #before: Tensors = new Map();

  readonly carried: readonly Carried[];
  readonly fetched: readonly Fetched[];
  readonly #others: readonly string[];

  /** @param session one that leaves the outputs of what `staysOnDevice` on the device */
  constructor(
    readonly ort: OrtModule,
    readonly session: OrtSession,
    { carried, fetched, others }: StepOutputs,
    settings: SessionSettings,
  ) {
    this.carried = carried;
    this.fetched = fetched;
    this.#others = others;
    this.#memory = new DeviceMemory(ort, settings);
  }

  async load(values: ReadonlyMap<string, TensorValue>): Promise<void> {
    const now = new Map<string, OrtTensor>();
    for (const own of this.carried) {
      const array = (values.get(own.name) as TensorValue).data as NumberArray;
      const tensor = staysOnDevice(own)
        ? await this.#memory.upload(own.dtype, array, own.dims)
        : tensorOver(this.ort, own.dtype, array.slice(), own.dims);
      now.set(own.name, tensor);
    }
    dispose(this.#before);
    dispose(this.#now);
    this.#before = new Map();
    this.#now = now;
  }

  async step(given: Readonly<Record<string, OrtTensor>>): Promise<ReadonlyMap<string, TensorValue>> {
    const feeds: Record<string, OrtTensor> = { ...given };
    const fetches: Record<string, null> = {};
    for (const { name, input, output } of this.carried) {
      feeds[input] = this.tensor(name);
      fetches[output] = null;
    }
    // Those that nobody asks for as well: onnxruntime-node counts the places of outputs by those that are fetched.
    for (const name of [...this.fetched.map((own) => own.name), ...this.#others]) fetches[name] = null;
    // Kept until now for whoever asks what the last step found.
    dispose(this.#before);
    this.#before = new Map();
    const results = await this.session.run(feeds, fetches);
    const next = this.carried.map(
      (own) => [own.name, checkKept(own, results[own.output] as OrtTensor)] as const,
    );
    this.#before = this.#now;
    this.#now = new Map(next);
    return new Map(
      this.fetched.map(({ name, dtype }) => {
        const tensor = results[name] as OrtTensor;
        return [name, copyOf({ dtype, dims: tensor.dims }, tensor)];
      }),
    );
  }

  async read(name: string, when: 'now' | 'before' = 'now'): Promise<TensorValue> {
    const own = this.carried.find((each) => each.name === name) as Carried;
    const { dtype, dims } = own;
    const tensor = (when === 'before' ? this.#before.get(name) : undefined) ?? this.tensor(name);
    if (!staysOnDevice(own)) return copyOf(own, tensor);
    const value = fromFloat64(new Float64Array(elementCount(dims)), dtype, dims);
    await this.#memory.download(tensor, value.data as NumberArray);
    return value;
  }

  tensor(name: string): OrtTensor {
    return this.#now.get(name) as OrtTensor;
  }

  async release(): Promise<void> {
    dispose(this.#before);
    dispose(this.#now);
    this.#before = new Map();
    this.#now = new Map();
    await this.#memory.release();
    await this.session.release();
  }
}

function dispose(tensors: Tensors): void {
  for (const tensor of tensors.values()) tensor.dispose?.();
}
