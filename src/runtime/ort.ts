// What is used of ONNX Runtime, as any of its JavaScript packages offers it, and how a package is loaded.
// Must not name the packages: a bundle for one platform would pull in the other's. Types are structural for that.
import { ProviderError } from '../graph/errors.js';

/** A tensor as ONNX Runtime holds it. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  /** The elements; reading it of a tensor that is not on the CPU throws. */
  readonly data: unknown;
  /** Where the elements are: `cpu`, `gpu-buffer` and others; a package that does not say has them on the CPU. */
  readonly location?: string;
  dispose?(): void;
}

export interface OrtSession {
  run(
    feeds: Record<string, OrtTensor>,
    fetches?: Record<string, OrtTensor | null>,
  ): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

/** The module of `onnxruntime-node`, `onnxruntime-web` or another package with the same interface. */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: Record<string, unknown>): Promise<OrtSession>;
  };
  // The packages overload the constructor by element type, so that only `never` fits all of them.
  readonly Tensor: (new (
    type: never,
    data: never,
    dims?: readonly number[],
  ) => OrtTensor) & { fromGpuBuffer?(buffer: never, options: never): OrtTensor };
  /** The providers its build was made with; onnxruntime-node alone tells. */
  listSupportedBackends?(): readonly { readonly name: string; readonly bundled: boolean }[];
  /** Settings of the whole process, read when the first session is made. */
  readonly env?: { logLevel?: string; readonly webgpu?: { readonly device?: unknown } };
}

/** A tensor of ONNX Runtime over an array, which it does not copy. */
export function tensorOver(
  ort: OrtModule,
  type: string,
  data: ArrayBufferView,
  dims: readonly number[],
): OrtTensor {
  return new ort.Tensor(type as never, data as never, dims);
}

/**
 * Loads a package of ONNX Runtime.
 *
 * @throws {ProviderError} when it is not installed, with the command that installs it
 */
export async function loadOrt(name: string, importModule: () => Promise<unknown>): Promise<OrtModule> {
  try {
    const module = (await importModule()) as { default?: OrtModule } & OrtModule;
    return module.InferenceSession === undefined && module.default !== undefined ? module.default : module;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ProviderError(
      `${name} could not be loaded (${reason}); install it with 'npm install ${name}', or pass your own module as { ort }`,
      { cause },
    );
  }
}
