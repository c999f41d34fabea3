// The weights of one projection as they are given, checked before anything is written: right in name, dtype and size,
// and in memory that can be written.
// Must not touch ONNX Runtime.
import type { DType } from '../graph/dtype.js';
import { ShapeError, UsageError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import type { WeightDType } from '../lowering/storage.js';
import { type Queue, queuesOf } from './bufferQueue.js';
import { checkBuffer } from './gpuDevice.js';
import type { OrtTensor } from './ort.js';
import type { NumberArray } from './outputRoute.js';
import type { ParameterReport } from './projectionPlan.js';
import type { Weight } from './weight.js';

/**
 * A weight to project in place: an array, an array with dims, or a tensor of ONNX Runtime, on the CPU or, for `webgpu`
 * alone, on a GPU. In Node a parameter on CUDA or another device has its weights in an array: of the locations that a
 * tensor may name, onnxruntime-node 1.30 takes `cpu` and `gpu-buffer`, which there is memory of its WebGPU provider.
 */
export type InPlaceWeight = NumberArray | Weight | OrtTensor;

/** A checked weight: its array, or the tensor that is on a device. */
export type Target =
  | { readonly kind: 'array'; readonly array: NumberArray }
  | { readonly kind: 'device'; readonly tensor: OrtTensor };

type Targets = ReadonlyMap<string, Target>;

/** The targets of all parameters, and the queues of their memory. */
export interface ReadTargets {
  readonly targets: Targets;
  readonly queues: readonly Queue[];
}

/** Reads weights again and again; sets of arrays that it has seen need no second look. */
export class TargetReader {
  /** By the first array of a set, so that none is kept alive. */
  readonly #known = new WeakMap<object, ReadTargets & { readonly given: Given }>();

  constructor(readonly parameters: readonly ParameterReport[]) {}

  /** As `readTargets`. */
  read(weights: Weights): ReadTargets {
    const first = weights[this.parameters[0]?.name ?? ''];
    const known = ArrayBuffer.isView(first) ? this.#known.get(first) : undefined;
    if (known !== undefined && isSame(known.given, weights)) return known;
    const targets = readTargets(this.parameters, weights);
    const read = { targets, queues: queuesOf([...targets.values()].map(memoryOf)) };
    const given = Object.entries(weights).flatMap(([name, array]) =>
      ArrayBuffer.isView(array) ? [[name, array, array.length] as const] : [],
    );
    if (ArrayBuffer.isView(first) && given.length === targets.size)
      this.#known.set(first, { ...read, given });
    return read;
  }
}

type Given = readonly (readonly [string, NumberArray, number])[];

/** An array whose memory was detached, or has another size, has another length. */
function isSame(given: Given, weights: Weights): boolean {
  for (const [name, array, length] of given) {
    if (weights[name] !== array || array.length !== length) return false;
  }
  return Object.keys(weights).length === given.length;
}

type Weights = Readonly<Record<string, InPlaceWeight>>;

/**
 * The target of each parameter.
 *
 * @throws {UsageError} when a parameter has no weight, or a weight no parameter
 * @throws {ShapeError} when a weight does not fit its parameter, or cannot be written
 */
function readTargets(parameters: readonly ParameterReport[], weights: Weights): Targets {
  const known = new Set(parameters.map(({ name }) => name));
  const missing = parameters.filter(({ name }) => !Object.hasOwn(weights, name)).map(({ name }) => name);
  const unknown = Object.keys(weights).filter((name) => !known.has(name));
  if (missing.length > 0 || unknown.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`no weight for ${list(missing)}`] : []),
      ...(unknown.length > 0 ? [`no parameter ${list(unknown)}`] : []),
    ];
    throw new UsageError(
      `${parts.join('; ')}; give each parameter of the Projector its weight: ${list([...known])}`,
    );
  }
  const targets = new Map<string, Target>();
  for (const parameter of parameters) {
    targets.set(parameter.name, readTarget(parameter, weights[parameter.name] as InPlaceWeight));
  }
  refuseOverlaps(targets);
  return targets;
}

/** The memory of a target, by which calls on it queue. */
function memoryOf(target: Target): object {
  if (target.kind === 'array') return target.array.buffer;
  const { gpuBuffer } = target.tensor as { gpuBuffer?: object };
  return gpuBuffer ?? target.tensor;
}

/** @throws {ShapeError} when the array's memory has gone to another thread since it was read */
export function checkAttached(name: string, { array }: Extract<Target, { kind: 'array' }>): void {
  if (array.length > 0) return;
  throw new ShapeError(
    `${name}: the array is empty: its ArrayBuffer was detached (transferred to a worker, or grown WebAssembly memory); make the typed array anew on memory of this thread`,
  );
}

function readTarget(parameter: ParameterReport, weight: InPlaceWeight): Target {
  const { name, shape, dtype } = parameter;
  if (typeof weight !== 'object' || weight === null) {
    throw new ShapeError(
      `${name}: accepted are a typed array, { data, dims } and a tensor of ONNX Runtime, found ${String(weight)}`,
    );
  }
  const location = (weight as OrtTensor).location ?? 'cpu';
  if (location !== 'cpu' && location !== 'cpu-pinned') {
    const tensor = weight as OrtTensor;
    checkOnDevice(parameter, tensor);
    checkShape(name, shape, tensor.dims);
    if (tensor.type !== dtype) {
      throw new ShapeError(`${name}: the parameter is ${dtype}, the tensor on the device ${tensor.type}`);
    }
    return { kind: 'device', tensor };
  }
  const array = ArrayBuffer.isView(weight) ? weight : (weight as Weight).data;
  const named = ArrayBuffer.isView(weight) ? undefined : namedDType(weight as Weight);
  if (named !== undefined && named !== dtype) {
    throw new ShapeError(`${name}: the parameter is ${dtype}, found ${named}`);
  }
  const target = { kind: 'array', array: readArray(name, dtype, array) } as const;
  checkWritable(name, target);
  if (!ArrayBuffer.isView(weight)) checkShape(name, shape, (weight as Weight).dims);
  const count = elementCount(shape);
  if (target.array.length !== count) {
    throw new ShapeError(
      `${name}: shape ${formatShape(shape)} holds ${count} weights, found ${target.array.length}`,
    );
  }
  return target;
}

/** ONNX Runtime reads raw memory, or writes nothing, where these do not hold. */
function checkOnDevice({ name, provider }: ParameterReport, tensor: OrtTensor): void {
  if (provider !== 'webgpu') {
    throw new ShapeError(
      `${name}: the tensor is on a device (${tensor.location}), and the parameter runs on ${provider}; give its weights as an array, or make the Projector with webgpu`,
    );
  }
  if (tensor.location !== 'gpu-buffer') {
    throw new ShapeError(
      `${name}: the tensor's location is ${tensor.location}; accepted are gpu-buffer and cpu`,
    );
  }
  checkBuffer(name, tensor);
}

function namedDType(weight: Weight): DType | string | undefined {
  return weight.dtype ?? weight.type;
}

const arrayNames: Readonly<Record<WeightDType, string>> = {
  float32: 'Float32Array',
  float64: 'Float64Array',
  float16: 'Uint16Array',
  bfloat16: 'Uint16Array',
};

function readArray(name: string, dtype: WeightDType, array: unknown): NumberArray {
  const wanted = arrayNames[dtype];
  const found = array === null || array === undefined ? String(array) : (array as object).constructor.name;
  if (found === wanted) return array as NumberArray;
  // Runtimes that have it hold float16 in an array of its own; the bits are the same.
  if (dtype === 'float16' && found === 'Float16Array') {
    const { buffer, byteOffset, length } = array as Uint16Array;
    return new Uint16Array(buffer, byteOffset, length);
  }
  const bits = wanted === 'Uint16Array' ? ' of its bit patterns' : '';
  throw new ShapeError(
    `${name}: ${dtype} is projected in place in a ${wanted}${bits}, found ${found}; convert it once, and keep that array`,
  );
}

function checkWritable(name: string, target: Extract<Target, { kind: 'array' }>): void {
  const { buffer } = target.array;
  checkAttached(name, target);
  if (typeof SharedArrayBuffer !== 'undefined' && (buffer as unknown) instanceof SharedArrayBuffer) {
    throw new ShapeError(
      `${name}: the array lies in a SharedArrayBuffer, which ONNX Runtime does not take; copy it out (\`array.slice()\`), project that, and copy it back`,
    );
  }
  // Freezing an ArrayBuffer leaves its bytes writable, but says that nobody should.
  if ((buffer as { immutable?: boolean }).immutable === true || Object.isFrozen(buffer)) {
    throw new ShapeError(
      `${name}: the array lies in an ArrayBuffer that cannot be written; copy it (\`array.slice()\`) and project the copy`,
    );
  }
}

function checkShape(name: string, shape: readonly number[], dims: readonly number[] | undefined): void {
  if (dims === undefined || (dims.length === shape.length && dims.every((dim, i) => dim === shape[i])))
    return;
  throw new ShapeError(
    `${name}: the Projector was made for shape ${formatShape(shape)}, found ${formatShape(dims)}`,
  );
}

/** Two parameters in the same memory would be projected one after the other, or at once. */
function refuseOverlaps(targets: ReadonlyMap<string, Target>): void {
  const seen = new Map<object, { name: string; start: number; end: number }[]>();
  for (const [name, target] of targets) {
    const memory = memoryOf(target);
    const start = target.kind === 'array' ? target.array.byteOffset : 0;
    const end = target.kind === 'array' ? start + target.array.byteLength : Number.POSITIVE_INFINITY;
    const others = seen.get(memory) ?? [];
    const other = others.find((range) => range.start < end && start < range.end);
    if (other !== undefined) {
      throw new ShapeError(`${other.name} and ${name} share memory; give each parameter weights of its own`);
    }
    seen.set(memory, [...others, { name, start, end }]);
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
