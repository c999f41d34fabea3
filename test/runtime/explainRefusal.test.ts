// What ONNX Runtime's refusals of providers are told as, from the messages it throws.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { explainRefusal, providerName } from '../../src/runtime/providers.js';

// As 1.30 throws them; those of CUDA calls are from reports of its users.
const notFound = (name: string): string => `no available backend found. ERR: [${name}] backend not found.`;
const cudaCall =
  '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:122 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*) [with ERRTYPE = cudaError; bool THRW = true] ';
const noAdapter =
  '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n';
const webAdapter =
  'no available backend found. ERR: [webgpu] Error: Failed to get GPU adapter. You may need to enable flag "--enable-unsafe-webgpu" if you are using Chrome.';
const noFloat16 =
  "Non-zero status code returned while running Cast node. Name:'Cast_0' Status Message: shader_helper.cc:416 GenerateSourceCode Program Cast requires f16 but the device does not support it.";
const onCpu =
  'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled by the user.';

interface Told {
  readonly name: string;
  readonly on: string;
  readonly message: string;
  readonly code: string;
  readonly cause: string;
  readonly remedy: RegExp;
}

const inNode: readonly Told[] = [
  {
    name: 'cuda',
    on: 'linux/x64',
    message: 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
    code: 'no-library',
    cause: 'Failed to load shared library',
    remedy: /npm rebuild onnxruntime-node.* CUDA 12 and cuDNN 9;/,
  },
  {
    name: 'tensorrt',
    on: 'linux/x64',
    message: 'OrtSessionOptionsAppendExecutionProvider_TensorRT: Failed to load shared library',
    code: 'no-library',
    cause: 'Failed to load shared library',
    remedy: /cuDNN 9 and TensorRT 10/,
  },
  {
    name: 'cuda',
    on: 'linux/x64',
    message: `${cudaCall}CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; hostname=c432 ; expr=cudaSetDevice(info_.device_id);`,
    code: 'no-device',
    cause: 'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
    remedy: /update the NVIDIA driver/,
  },
  {
    name: 'cuda',
    on: 'linux/x64',
    message: `${cudaCall}CUDA failure 100: no CUDA-capable device is detected ; GPU=0 ; hostname=c432 ;`,
    code: 'no-device',
    cause: 'CUDA failure 100: no CUDA-capable device is detected',
    remedy: /nvidia-smi/,
  },
  {
    name: 'cuda',
    on: 'win32/x64',
    message: notFound('cuda'),
    code: 'wrong-platform',
    cause: '[cuda] backend not found.',
    remedy: /Linux x64 alone; here there are cpu, webgpu, dml$/,
  },
  {
    name: 'dml',
    on: 'linux/x64',
    message: notFound('dml'),
    code: 'wrong-platform',
    cause: '[dml] backend not found.',
    remedy: /Windows alone; here there are cpu, webgpu, cuda, tensorrt$/,
  },
  {
    name: 'coreml',
    on: 'darwin/arm64',
    message: notFound('coreml'),
    code: 'not-bundled',
    cause: '[coreml] backend not found.',
    remedy: /install onnxruntime-node/,
  },
  {
    name: 'webgpu',
    on: 'linux/arm64',
    message: notFound('webgpu'),
    code: 'wrong-platform',
    cause: '[webgpu] backend not found.',
    remedy: /Linux x64; here there are cpu$/,
  },
  {
    name: 'wasm',
    on: 'linux/x64',
    message: notFound('wasm'),
    code: 'wrong-platform',
    cause: '[wasm] backend not found.',
    remedy: /in browsers alone; here there are cpu/,
  },
  {
    name: 'webgpu',
    on: 'linux/x64',
    message: noAdapter,
    code: 'no-adapter',
    cause: 'Failed to get a WebGPU adapter: No supported adapters',
    remedy: /Vulkan driver.*VK_DRIVER_FILES/,
  },
  {
    name: 'webgpu',
    on: 'win32/x64',
    message: noAdapter,
    code: 'no-adapter',
    cause: 'Failed to get a WebGPU adapter: No supported adapters',
    remedy: /Direct3D 12/,
  },
  {
    name: 'webgpu',
    on: 'linux/x64',
    message: noFloat16,
    code: 'no-shader-f16',
    cause: 'Program Cast requires f16 but the device does not support it.',
    remedy: /float32/,
  },
  {
    name: 'webgpu',
    on: 'linux/x64',
    message: onCpu,
    code: 'cpu-fallback',
    cause: 'This session contains graph nodes that are assigned to the default CPU EP',
    remedy: /another dtype or provider/,
  },
  {
    name: 'webgpu',
    on: 'linux/x64',
    message: "Invalid argument: WebGPU EP has an unrecognized option: 'foo'.",
    code: 'bad-option',
    cause: "Invalid argument: WebGPU EP has an unrecognized option: 'foo'.",
    remedy: /options given with 'webgpu'/,
  },
  {
    name: 'cuda',
    on: 'linux/x64',
    message: 'something\n  that nobody foresaw',
    code: 'failed',
    cause: 'something that nobody foresaw',
    remedy: /another provider: cpu, webgpu, tensorrt$/,
  },
];

test.each(inNode)('Node on $on: $name $code', ({ name, on, message, code, cause, remedy }) => {
  const refusal = explainRefusal(name, new Error(message), 'node', on);
  expect(refusal).toEqual({ code, cause, remedy: expect.stringMatching(remedy) });
});

const inBrowsers: readonly Omit<Told, 'on'>[] = [
  {
    name: 'webgpu',
    message: webAdapter,
    code: 'no-adapter',
    cause:
      'Failed to get GPU adapter. You may need to enable flag "--enable-unsafe-webgpu" if you are using Chrome.',
    remedy: /hardware acceleration/,
  },
  {
    name: 'webgpu',
    message:
      'no available backend found. ERR: [webgpu] Error: WebGPU is not supported in current environment',
    code: 'no-api',
    cause: 'WebGPU is not supported in current environment',
    remedy: /a browser with WebGPU/,
  },
  {
    name: 'webnn',
    message: 'no available backend found. ERR: [webnn] Error: WebNN is not supported in current environment',
    code: 'no-api',
    cause: 'WebNN is not supported in current environment',
    remedy: /web-machine-learning-neural-network/,
  },
  {
    name: 'webnn',
    message: "Failed to execute 'createContext' on 'ML': WebNN is not supported on this platform.",
    code: 'no-device',
    cause: "Failed to execute 'createContext' on 'ML': WebNN is not supported on this platform.",
    remedy: /'webgpu' or 'wasm'/,
  },
  {
    name: 'webgpu',
    message: `Can't create a session. ERROR_CODE: 1, ERROR_MESSAGE: ${onCpu}`,
    code: 'cpu-fallback',
    cause: 'This session contains graph nodes that are assigned to the default CPU EP',
    remedy: /another dtype or provider/,
  },
  {
    name: 'wasm',
    message:
      'no available backend found. ERR: [wasm] RuntimeError: Aborted(both async and sync fetching of the wasm failed). Build with -sASSERTIONS for more info.',
    code: 'no-wasm',
    cause: 'Aborted(both async and sync fetching of the wasm failed). Build with -sASSERTIONS for more info.',
    remedy: /wasmPaths/,
  },
  {
    name: 'webgpu',
    message: notFound('webgpu'),
    code: 'not-bundled',
    cause: '[webgpu] backend not found.',
    remedy: /build of onnxruntime-web that has webgpu/,
  },
  {
    name: 'cuda',
    message: notFound('cuda'),
    code: 'wrong-platform',
    cause: '[cuda] backend not found.',
    remedy: /here there are webgpu, wasm, webnn$/,
  },
];

test.each(inBrowsers)('browser: $name $code', ({ name, message, code, cause, remedy }) => {
  const refusal = explainRefusal(name, new Error(message), 'web', 'web');
  expect(refusal).toEqual({ code, cause, remedy: expect.stringMatching(remedy) });
});

test.each([
  ['CUDAExecutionProvider', 'cuda'],
  ['DirectML', 'dml'],
  ['core-ml', 'coreml'],
  ['TRT', 'tensorrt'],
  ['CPU', 'cpu'],
  ['wegbpu', 'webgpu'],
  ['cudaa', 'cuda'],
])('for the unknown %s, %s is proposed', (name, meant) => {
  const refusal = explainRefusal(name, new Error(notFound(name)), 'node');
  expect(refusal.code).toBe('unknown-provider');
  expect(refusal.remedy).toBe(
    `did you mean '${meant}'? accepted are cpu, webgpu, cuda, tensorrt, dml, coreml`,
  );
});

test('ONNX Runtime refuses a name it does not know, and that is told with those it accepts', async () => {
  const error: unknown = await ort.InferenceSession.create(new Uint8Array(1), {
    executionProviders: ['abacus'],
  }).catch((thrown: unknown) => thrown);
  expect(explainRefusal('abacus', error, 'node')).toEqual({
    code: 'unknown-provider',
    cause: '[abacus] backend not found.',
    remedy: 'accepted are cpu, webgpu, cuda, tensorrt, dml, coreml',
  });
});

test('the error behind those that wrap it is told, and what is no error as text', () => {
  const inner = new Error('OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library');
  const outer = new Error('could not make a session', { cause: inner });
  expect(explainRefusal('cuda', outer, 'node').code).toBe('no-library');
  expect(explainRefusal('cpu', 'gone', 'node').cause).toBe('gone');
  expect(explainRefusal('cpu', undefined, 'node').cause).toBe('undefined');
});

test.each([
  ['cuda', 'cuda'],
  [{ name: 'webgpu', deviceId: 1 }, 'webgpu'],
  [{}, 'undefined'],
  [42, '42'],
  [null, 'null'],
])('the name of %j is %s', (entry, name) => {
  expect(providerName(entry)).toBe(name);
});
