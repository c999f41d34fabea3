// Why ONNX Runtime refused an execution provider, and how to mend it, told from the error it threw.
// Must not import ONNX Runtime, Node or browser modules.
import {
  currentSystem,
  nearestProvider,
  type Platform,
  providerRow,
  providersHere,
  providersOf,
} from './providerTable.js';

/** The kinds of refusals, which programs may rely on. */
export type RefusalCode =
  /** No provider has this name. */
  | 'unknown-provider'
  /** The provider exists, but not on this platform or system. */
  | 'wrong-platform'
  /** This build of ONNX Runtime was made without the provider. */
  | 'not-bundled'
  /** The provider's libraries, or those they need, are not installed. */
  | 'no-library'
  /** ONNX Runtime's .wasm files could not be loaded. */
  | 'no-wasm'
  /** There is no device, or its driver is too old. */
  | 'no-device'
  /** WebGPU gives no adapter. */
  | 'no-adapter'
  /** The browser has no WebGPU or WebNN, or does not give it to this page. */
  | 'no-api'
  /** The WebGPU adapter has no `shader-f16`. */
  | 'no-shader-f16'
  /** The provider would hand nodes to the CPU. */
  | 'cpu-fallback'
  /** ONNX Runtime does not take the options given with the provider. */
  | 'bad-option'
  /** The provider ran and its answer was wrong. */
  | 'wrong-answer'
  | 'failed';

/** Why a provider does not work. */
export interface Refusal {
  readonly code: RefusalCode;
  /** One line, in ONNX Runtime's own words where it has any. */
  readonly cause: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** An answer of a provider that is not what the graph says, which ONNX Runtime does not notice. */
export class WrongAnswer extends Error {}

interface Case {
  readonly provider: string;
  readonly platform: Platform;
  readonly system: string;
  readonly text: string;
}

interface Rule {
  readonly code: RefusalCode;
  readonly pattern: RegExp;
  remedy(refused: Case): string;
}

const rules: readonly Rule[] = [
  {
    code: 'no-wasm',
    pattern: /initWasm\(\)|of the wasm failed|fetch dynamically imported module/,
    remedy: () =>
      "serve the .wasm and .mjs files of onnxruntime-web's dist folder, set ort.env.wasm.wasmPaths to where they are, and reload the page",
  },
  {
    code: 'no-library',
    pattern: /Failed to load (shared )?library|cannot open shared object|LoadLibrary failed/,
    remedy: ({ provider }) =>
      `install ONNX Runtime's CUDA libraries with 'ONNXRUNTIME_NODE_INSTALL=true npm rebuild onnxruntime-node --ignore-scripts=false'; they need an NVIDIA driver, CUDA 12${provider === 'tensorrt' ? ', cuDNN 9 and TensorRT 10' : ' and cuDNN 9'}; 'npx onnx-constraints providers --verbose' names what is missing`,
  },
  {
    code: 'no-device',
    pattern: /CUDA failure 35\b/,
    remedy: () => 'update the NVIDIA driver to one that runs CUDA 12',
  },
  {
    code: 'no-device',
    pattern: /CUDA failure (3|34|46|100|101|999)\b|no CUDA-capable device/,
    remedy: () =>
      "see that 'nvidia-smi' lists a GPU; a container must be started with it, as by 'docker run --gpus all'",
  },
  {
    code: 'no-shader-f16',
    pattern: /requires f16|shader-f16|'f16' type used without/,
    remedy: () => 'keep the weights in float32, or use a GPU and driver that have shader-f16',
  },
  {
    code: 'no-adapter',
    pattern: /Failed to get (a WebGPU|GPU) adapter|No supported adapters|No available adapters/,
    remedy: ({ platform, system }) => adapterRemedy(platform, system),
  },
  {
    code: 'no-api',
    pattern: /WebGPU is not supported in current environment/,
    remedy: () => apiRemedy('WebGPU', 'Chrome or Edge from 113 or Safari from 26, up to date'),
  },
  {
    code: 'no-api',
    pattern: /WebNN is not supported in current environment/,
    remedy: () =>
      apiRemedy(
        'WebNN',
        'Chrome or Edge with chrome://flags/#web-machine-learning-neural-network switched on',
      ),
  },
  {
    code: 'no-device',
    pattern: /'createContext' on 'ML'/,
    remedy: () => "this system or device has no WebNN; give another deviceType, or use 'webgpu' or 'wasm'",
  },
  {
    code: 'cpu-fallback',
    pattern: /fallback to CPU EP has been explicitly disabled/,
    remedy: ({ provider }) =>
      `${provider} does not run every node of this graph in this dtype: take another dtype or provider, or let the CPU run the rest`,
  },
  {
    code: 'bad-option',
    pattern: /Invalid argument|unrecognized option/,
    remedy: ({ provider }) => `correct the options given with '${provider}', or give the name alone`,
  },
];

/**
 * Why a provider was refused, from the error of `InferenceSession.create` or `run`: ONNX Runtime's own words in one line,
 * and the way to mend it.
 *
 * @param provider the name, such as `cuda`
 * @param cause what was thrown
 * @param system the machine, as `<process.platform>/<process.arch>`. Default: this one
 * @example
 * explainRefusal('dml', error, 'node').code; // 'wrong-platform' on Linux
 */
export function explainRefusal(
  provider: string,
  cause: unknown,
  platform: Platform,
  system: string = currentSystem(),
): Refusal {
  const refused: Case = { provider, platform, system, text: rootMessage(cause) };
  const shown = trimMessage(refused.text);
  if (cause instanceof WrongAnswer) {
    return { code: 'wrong-answer', cause: shown, remedy: `do not use '${provider}' here: update its driver` };
  }
  if (/backend not found/.test(refused.text)) {
    const { code, remedy } = explainNotFound(refused);
    return { code, cause: shown, remedy };
  }
  const rule = rules.find(({ pattern }) => pattern.test(refused.text));
  if (rule !== undefined) return { code: rule.code, cause: shown, remedy: rule.remedy(refused) };
  const elsewhere = providersHere(platform, system).filter((name) => name !== provider);
  return { code: 'failed', cause: shown, remedy: `use another provider: ${elsewhere.join(', ')}` };
}

function explainNotFound({ provider, platform, system }: Case): Pick<Refusal, 'code' | 'remedy'> {
  const here = providersHere(platform, system);
  const row = providerRow(provider);
  if (row === undefined) {
    const near = nearestProvider(provider);
    const meant = near === undefined ? '' : `did you mean '${near}'? `;
    return { code: 'unknown-provider', remedy: `${meant}accepted are ${providersOf(platform).join(', ')}` };
  }
  if (!here.includes(provider)) {
    return {
      code: 'wrong-platform',
      remedy: `${provider} is to be had ${row.where}; here there are ${here.join(', ')}`,
    };
  }
  return { code: 'not-bundled', remedy: bundleRemedy(provider, platform) };
}

function bundleRemedy(provider: string, platform: Platform): string {
  return platform === 'web'
    ? `import a build of onnxruntime-web that has ${provider}, such as 'onnxruntime-web' itself, and pass it as { ort }`
    : `install onnxruntime-node from 1.30 on, whose builds have ${provider}`;
}

function adapterRemedy(platform: Platform, system: string): string {
  if (platform === 'web') {
    return "switch on the browser's hardware acceleration and update the graphics driver; chrome://gpu tells more. On Linux start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan. Then reload the page";
  }
  if (!system.startsWith('linux')) return 'update the graphics driver; WebGPU needs Direct3D 12 or Metal';
  return "install the GPU's Vulkan driver and libvulkan1 ('vulkaninfo' lists what there is); where they lie elsewhere, set LD_LIBRARY_PATH and VK_DRIVER_FILES";
}

function apiRemedy(api: string, browser: string): string {
  const { isSecureContext } = globalThis as { isSecureContext?: boolean };
  return isSecureContext === false
    ? `serve the page over https or from localhost: browsers give ${api} to secure pages alone`
    : `use a browser with ${api}: ${browser}`;
}

/** The message of the error that others were made from. */
function rootMessage(cause: unknown): string {
  if (!(cause instanceof Error)) return String((cause as { message?: unknown } | null)?.message ?? cause);
  return cause.cause === undefined ? cause.message : rootMessage(cause.cause);
}

/** ONNX Runtime's message without the places in its C++ source and what wraps it, in one line. */
function trimMessage(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/^.*? was false\. /, '')
    .replace(/^.*(CUDA failure \d+: [^;]+?) ;.*$/, '$1')
    .replace(/^no available backend found\. ERR: /, '')
    .replace(/^\[\w+\] (Error|TypeError|RuntimeError): /, '')
    .replace(/^.*ERROR_MESSAGE: /, '')
    .replace(/^.* Status Message: (?:\w+\.(?:cc|h|cpp):\d+ \w+ )?/, '')
    .replace(/^\S*\/onnxruntime_src\/\S+ /, '')
    .replace(/^OrtSessionOptionsAppendExecutionProvider_\w+: /, '')
    .replace(/, but fallback to CPU EP has been explicitly disabled by the user\.?$/, '')
    .trim();
}
