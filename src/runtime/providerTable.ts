// The execution providers of ONNX Runtime's JavaScript packages: their names, and where each is to be found.
// Must not import ONNX Runtime, Node or browser modules.

/** Where weights are projected: `node` is onnxruntime-node, `web` is onnxruntime-web. */
export type Platform = 'node' | 'web';

/** An execution provider as session options name it: a name, or an object with the name and its options. */
export type ProviderEntry = string | { readonly name: string; readonly [option: string]: unknown };

interface ProviderRow {
  readonly name: string;
  /** Platforms, or systems of onnxruntime-node as `<process.platform>/<process.arch>`; `win32` is any of its kind. */
  readonly on: readonly string[];
  /** The same for people, after "is to be had". */
  readonly where: string;
  /** What people write instead, in small letters without punctuation. */
  readonly aliases: readonly string[];
}

// As the packages of ONNX Runtime 1.30 bring them.
const rows: readonly ProviderRow[] = [
  { name: 'cpu', on: ['node'], where: 'everywhere', aliases: [] },
  {
    name: 'webgpu',
    on: ['web', 'win32', 'darwin', 'linux/x64'],
    where: 'in browsers, and in Node on Windows, macOS and Linux x64',
    aliases: ['gpu', 'wgpu', 'vulkan', 'metal'],
  },
  { name: 'cuda', on: ['linux/x64'], where: 'in Node on Linux x64 alone', aliases: ['nvidia', 'cudnn'] },
  { name: 'tensorrt', on: ['linux/x64'], where: 'in Node on Linux x64 alone', aliases: ['trt'] },
  { name: 'dml', on: ['win32'], where: 'in Node on Windows alone', aliases: ['directml', 'directx'] },
  { name: 'coreml', on: ['darwin'], where: 'in Node on macOS alone', aliases: ['ane'] },
  { name: 'wasm', on: ['web'], where: 'in browsers alone', aliases: ['webassembly'] },
  { name: 'webnn', on: ['web'], where: 'in browsers alone', aliases: ['ml'] },
];

/** The name in an entry of a list of execution providers; what is no entry is told as it is. */
export function providerName(entry: unknown): string {
  const name = typeof entry === 'object' && entry !== null ? (entry as { name?: unknown }).name : entry;
  return String(name);
}

/** The row of a provider, if the name is known on any platform. */
export function providerRow(name: string): Pick<ProviderRow, 'name' | 'where'> | undefined {
  return rows.find((row) => row.name === name);
}

/** The providers that a platform's package may be asked for, whichever the system. */
export function providersOf(platform: Platform): readonly string[] {
  const isWeb = platform === 'web';
  return rows
    .filter(({ on }) => (isWeb ? on.includes('web') : on.some((place) => place !== 'web')))
    .map(nameOf);
}

/** The providers that the package brings for this system. */
export function providersHere(platform: Platform, system: string): readonly string[] {
  const places = platform === 'web' ? ['web'] : ['node', system, system.replace(/\/.*/, '')];
  return rows.filter(({ on }) => on.some((place) => places.includes(place))).map(nameOf);
}

/** This machine as the table has it: `linux/x64`; in a browser `web`. */
export function currentSystem(): string {
  const { process } = globalThis as { process?: { platform?: string; arch?: string } };
  return process?.platform === undefined ? 'web' : `${process.platform}/${process.arch}`;
}

/** The provider that is meant by a name that is none: `CUDAExecutionProvider` is `cuda`. */
export function nearestProvider(name: string): string | undefined {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/(execution)?provider$/, '');
  const found = rows.find((row) => row.name === plain || row.aliases.includes(plain));
  return found?.name ?? rows.map(nameOf).find((known) => differByOne(known, plain));
}

function nameOf({ name }: ProviderRow): string {
  return name;
}

/** Whether one letter is missing, too much, another, or two neighbours have changed places. */
function differByOne(known: string, found: string): boolean {
  if (Math.abs(known.length - found.length) > 1) return false;
  let start = 0;
  while (start < known.length && known[start] === found[start]) start++;
  const [a, b] = [known.slice(start), found.slice(start)];
  if (a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1)) return true;
  return a.slice(2) === b.slice(2) && a[0] === b[1] && a[1] === b[0];
}
