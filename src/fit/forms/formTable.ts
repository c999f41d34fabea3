// The one table that says in which form an operator of a training graph is run, where a provider computes it wrong, slowly
// or not at all. Each form gives the answer of the operator, and is tested against it.
// Must not import other folders of fit.
import { multiply } from '../../ops/elementwise.js';
import { rewriteAll } from '../../ops/rewrite.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Form, FormGround } from './form.js';
import { placesSideBySide } from './hostConvolutions.js';
import { channelsInFours, groupsApart, paddedBehind } from './webGpuConvolutions.js';
import { greaterOf, NaNThroughRelu, powerOfConstant, smallerOf } from './webGpuElementwise.js';
import { bothOf, eitherOf } from './webGpuLogic.js';
import { drawnFromIteration } from './webGpuRandom.js';
import { placeOfLargest } from './webGpuSearch.js';
import { repeatedLike, sizeCounted } from './webGpuSizes.js';

interface Row {
  readonly operator: string;
  readonly providers: readonly string[] | 'any';
  /** What the form is for. */
  readonly because: string;
  readonly form: Form;
}

const webgpu: readonly string[] = ['webgpu'];
const hosts: readonly string[] = ['cpu', 'wasm'];

/** The forms; of each operator the first one that fits is taken. */
const table: readonly Row[] = [
  {
    operator: 'Identity',
    providers: 'any',
    because: 'marks what gradients do not pass, and computes nothing',
    form: ({ inputs }) => inputs[0],
  },
  {
    operator: 'Conv',
    providers: webgpu,
    because: 'fails with groups and three spatial dimensions',
    form: groupsApart,
  },
  {
    operator: 'Conv',
    providers: webgpu,
    because: 'leaves out the padding behind of windows of one',
    form: paddedBehind,
  },
  {
    operator: 'Conv',
    providers: webgpu,
    because: 'is wrong where channels come in threes, but not in fours, and filters in fours',
    form: channelsInFours,
  },
  {
    operator: 'Conv',
    providers: hosts,
    because: 'takes twice as long for the gradients of kernels',
    form: placesSideBySide,
  },
  {
    operator: 'Pow',
    providers: webgpu,
    because: 'loses the digits that 1 - beta ** step is made of',
    form: powerOfConstant,
  },
  { operator: 'Relu', providers: webgpu, because: 'makes NaN 0', form: NaNThroughRelu },
  { operator: 'Max', providers: webgpu, because: 'is missing in browsers', form: greaterOf },
  { operator: 'Min', providers: webgpu, because: 'is missing in browsers', form: smallerOf },
  { operator: 'And', providers: webgpu, because: 'is missing in browsers', form: bothOf },
  { operator: 'Or', providers: webgpu, because: 'is missing', form: eitherOf },
  { operator: 'RandomUniformLike', providers: webgpu, because: 'is missing', form: drawnFromIteration },
  { operator: 'Expand', providers: webgpu, because: 'takes its shape from the CPU', form: repeatedLike },
  { operator: 'Cast', providers: webgpu, because: 'of a place comes from the CPU', form: placeOfLargest },
  { operator: 'Cast', providers: webgpu, because: 'of a size comes from the CPU', form: sizeCounted },
];

/** The same tensors in the forms that a provider runs right and fast. */
export function formsFor(
  targets: readonly SymbolicTensor[],
  { provider, iteration }: FormGround & { readonly provider: string },
): readonly SymbolicTensor[] {
  const rows = table.filter(({ providers }) => providers === 'any' || providers.includes(provider));
  const found = rewriteAll(targets, (tensor, inputs) => {
    const { source } = tensor;
    if (source.kind !== 'op') return undefined;
    for (const { operator, form } of rows) {
      if (operator !== source.opType) continue;
      const { attributes, axes } = source;
      const other = form({ tensor, inputs, attributes, axes, iteration });
      if (other !== undefined) return other;
    }
    return undefined;
  });
  return webgpu.includes(provider) ? withoutIdentities(found) : found;
}

/** What is handed through would be an Identity, which is missing in browsers. */
function withoutIdentities(targets: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
  return targets.map((target, i) =>
    target.source.kind === 'op' && targets.indexOf(target) === i ? target : multiply(target, 1),
  );
}
