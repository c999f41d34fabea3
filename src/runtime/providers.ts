// Which execution providers work here: each is asked to run a graph of one node by itself.
// Must not import files or cli.
import { INPUT_NAME, OUTPUT_NAME } from '../constraints/buildGraph.js';
import type { DType } from '../graph/dtype.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { hostProviders } from '../lowering/lowerings.js';
import { RunGraph } from '../lowering/runGraph.js';
import { fedDType, load, opsetFor, store, type WeightDType } from '../lowering/storage.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { multiply } from '../ops/elementwise.js';
import { explainRefusal, type Refusal, WrongAnswer } from './explainRefusal.js';
import { type OrtModule, type OrtTensor, tensorOver } from './ort.js';
import { type Platform, providersOf } from './providerTable.js';
import { createSession } from './sessions.js';

export { explainRefusal, type Refusal, type RefusalCode } from './explainRefusal.js';
export { type Platform, type ProviderEntry, providerName } from './providerTable.js';

/** Whether an execution provider works here, and if not, why. */
export interface ProviderStatus {
  readonly name: string;
  /** Whether it runs float32 by itself. */
  readonly available: boolean;
  /** The dtypes it runs by itself: some of float32, float64 and float16. */
  readonly dtypes: readonly DType[];
  /** What is known of the device, such as `google swiftshader`. */
  readonly detail?: string;
  /** Why it does not work. */
  readonly refusal?: Refusal;
  /** Where it works: why it does not run a dtype. */
  readonly dtypeRefusals: readonly (Refusal & { readonly dtype: DType })[];
}

export interface ProvidersOptions {
  /** Your own ONNX Runtime module. Default: the package of the entry point this is imported from. */
  readonly ort?: OrtModule;
}

const dtypes = ['float32', 'float64', 'float16'] as const;

/** What is known of a WebGPU adapter: its description, and whether shaders have float16. */
interface AdapterInfo {
  readonly description: string;
  readonly hasFloat16: boolean;
}

/** What each provider of a platform answers, one after the other, as sessions share devices. */
export async function checkProviders(ort: OrtModule, platform: Platform): Promise<readonly ProviderStatus[]> {
  // A package may bring more than the table knows.
  const listed = ort.listSupportedBackends?.().map(({ name }) => name) ?? [];
  const statuses: ProviderStatus[] = [];
  for (const name of new Set([...providersOf(platform), ...listed])) {
    statuses.push(await checkProvider(ort, name, platform));
  }
  return statuses;
}

async function checkProvider(ort: OrtModule, name: string, platform: Platform): Promise<ProviderStatus> {
  const adapter = name === 'webgpu' && platform === 'web' ? await findAdapter() : undefined;
  const refusals: (Refusal & { dtype: DType })[] = [];
  for (const dtype of dtypes) {
    const refusal = await tryDType(ort, name, dtype, platform, adapter);
    // What does not run float32 is not there at all.
    if (refusal !== undefined && dtype === 'float32') {
      return { name, available: false, dtypes: [], refusal, dtypeRefusals: [] };
    }
    if (refusal !== undefined) refusals.push({ dtype, ...refusal });
  }
  return {
    name,
    available: true,
    dtypes: dtypes.filter((dtype) => refusals.every((refusal) => refusal.dtype !== dtype)),
    ...(adapter !== undefined && adapter.description !== '' && { detail: adapter.description }),
    dtypeRefusals: refusals,
  };
}

export async function tryDType(
  ort: OrtModule,
  name: string,
  dtype: WeightDType,
  platform: Platform,
  adapter: AdapterInfo | undefined,
): Promise<Refusal | undefined> {
  try {
    // onnxruntime-web's own WebGPU code would run on, and answer with zeros.
    if (dtype === 'float16' && adapter?.hasFloat16 === false)
      throw new Error('the adapter has no shader-f16');
    await runSquare(ort, name, dtype);
    return undefined;
  } catch (error) {
    return explainRefusal(name, error, platform);
  }
}

/** Squares two numbers. A product, since onnxruntime-web leaves Identity to the CPU. */
async function runSquare(ort: OrtModule, name: string, dtype: WeightDType): Promise<void> {
  const run = new RunGraph({ opset: opsetFor(dtype) });
  const w = load(run.input(INPUT_NAME, fedDType(dtype), [2]), dtype);
  run.output(OUTPUT_NAME, store(multiply(w, w), dtype));
  const session = await createSession(ort, encodeGraph(run.build('square')), {
    provider: name,
    // What is thrown is explained; nothing more is to be said on the console.
    sessionOptions: { logSeverityLevel: 4 },
    // The CPU itself counts as the fallback.
    alone: !hostProviders.includes(name),
  });
  try {
    const { data } = fromFloat64(Float64Array.of(2, -3), dtype, [2]);
    const { [OUTPUT_NAME]: output } = await session.run({
      [INPUT_NAME]: tensorOver(ort, fedDType(dtype), data as Float32Array, [2]),
    });
    const squared = toFloat64(storedValue(output as OrtTensor, dtype));
    if (squared[0] !== 4 || squared[1] !== 9) {
      throw new WrongAnswer(`2 and -3 squared in ${dtype} came out as ${squared.join(' and ')}`);
    }
  } finally {
    await session.release();
  }
}

/** A returned tensor; runtimes with Float16Array return it where everything here holds bit patterns. */
function storedValue({ data }: OrtTensor, dtype: DType): TensorValue {
  const { buffer, byteOffset } = data as Float32Array;
  return {
    dtype,
    dims: [2],
    data: dtype === 'float16' ? new Uint16Array(buffer, byteOffset, 2) : (data as Float32Array),
  };
}

export async function findAdapter(): Promise<AdapterInfo | undefined> {
  const { navigator } = globalThis as unknown as { navigator?: { gpu?: Gpu } };
  const adapter = await navigator?.gpu?.requestAdapter().catch(() => null);
  if (adapter == null) return undefined;
  const { vendor = '', architecture = '', description = '' } = adapter.info ?? {};
  return {
    description: [vendor, architecture, description].filter((part) => part !== '').join(' '),
    hasFloat16: adapter.features.has('shader-f16'),
  };
}

/** The part of the browser's WebGPU that is used here. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly features: { has(name: string): boolean };
    readonly info?: { vendor?: string; architecture?: string; description?: string };
  } | null>;
}
