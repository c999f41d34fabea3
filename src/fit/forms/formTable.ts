// The one table that says in which form an operator of a training graph is run, where a provider computes it wrong, slowly
// or not at all. Each form gives the answer of the operator, and is tested against it.
// Must not import other folders of fit.
import { multiply } from '../../ops/elementwise.js';
import { rewriteAll } from '../../ops/rewrite.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Form, FormCall, FormGround } from './form.js';
import { placesSideBySide } from './hostConvolutions.js';
import { gateByProduct } from './hostGates.js';
import { largestOfConvolutions, stepsOfConvolution } from './hostPoolings.js';
import { kernelGradientByProduct, transposedByProduct } from './hostProducts.js';
import { partOfBlocks } from './hostSlices.js';
import { ranksApart } from './webGpuChoices.js';
import {
  channelsInFours,
  groupsApart,
  paddedBeforehand,
  paddedBehind,
  transposedByConv,
} from './webGpuConvolutions.js';
import { greaterOf, NaNThroughRelu, powerOfConstant, smallerOf } from './webGpuElementwise.js';
import { bothOf, eitherOf } from './webGpuLogic.js';
import { inTwoPoolings } from './webGpuPoolings.js';
import { drawnFromIteration } from './webGpuRandom.js';
import { rowsByProduct } from './webGpuRows.js';
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

/** Forms made of operators that have forms of their own. */
const composed: readonly Row[] = [
  {
    operator: 'ConvTranspose',
    providers: webgpu,
    because: 'is silently wrong with groups, and has no three spatial dimensions',
    form: transposedByConv,
  },
];

/** The forms; of each operator the first one that fits is taken. */
const first: readonly Row[] = [
  {
    operator: 'Identity',
    providers: 'any',
    because: 'marks what gradients do not pass, and computes nothing',
    form: ({ inputs }) => inputs[0],
  },
  {
    operator: 'Conv',
    providers: webgpu,
    because: 'fails in browsers with three spatial dimensions and uneven padding',
    form: paddedBeforehand,
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
    form: kernelGradientByProduct,
  },
  {
    operator: 'Conv',
    providers: hosts,
    because: 'takes twice as long for the gradients of kernels, also of few channels',
    form: placesSideBySide,
  },
  {
    operator: 'ConvTranspose',
    providers: hosts,
    because: 'takes one image after another on one thread',
    form: transposedByProduct,
  },
  { operator: 'Where', providers: hosts, because: 'runs on one thread, and slower', form: gateByProduct },
  {
    operator: 'MaxPool',
    providers: hosts,
    because: 'has to be taken apart for its gradient, which is slow behind a convolution',
    form: largestOfConvolutions,
  },
  {
    operator: 'Slice',
    providers: hosts,
    because: 'with steps is slower than the convolution that it takes apart',
    form: stepsOfConvolution,
  },
  {
    operator: 'Slice',
    providers: hosts,
    because: 'takes every so many elements one by one',
    form: partOfBlocks,
  },
  {
    operator: 'MaxPool',
    providers: webgpu,
    because: 'fails in browsers with three spatial dimensions',
    form: inTwoPoolings,
  },
  {
    operator: 'AveragePool',
    providers: webgpu,
    because: 'fails in browsers with three spatial dimensions',
    form: inTwoPoolings,
  },
  {
    operator: 'ScatterND',
    providers: webgpu,
    because: 'takes its places in int64, which browsers do not make',
    form: rowsByProduct,
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

/** Forms of what these are made of as well. */
const last: readonly Row[] = [
  {
    operator: 'Where',
    providers: webgpu,
    because: 'is mixed up in browsers with one of the same ranks that does not broadcast',
    form: ranksApart,
  },
];

/** The same tensors in the forms that a provider runs right and fast. */
export function formsFor(
  targets: readonly SymbolicTensor[],
  { provider, ...ground }: FormGround & { readonly provider: string },
): readonly SymbolicTensor[] {
  const found = [composed, first, last].reduce((tensors, table) => {
    const rows = table.filter(({ providers }) => providers === 'any' || providers.includes(provider));
    return rewriteAll(tensors, (tensor, inputs) => inForm(rows, { tensor, inputs, ...ground }));
  }, targets);
  return webgpu.includes(provider) ? withoutIdentities(found) : found;
}

function inForm(
  rows: readonly Row[],
  call: Omit<FormCall, 'attributes' | 'axes'>,
): SymbolicTensor | undefined {
  const { source } = call.tensor;
  if (source.kind !== 'op') return undefined;
  for (const { operator, form } of rows) {
    if (operator !== source.opType) continue;
    const { attributes, axes } = source;
    const other = form({ ...call, attributes, axes });
    if (other !== undefined) return other;
  }
  return undefined;
}

/** What is handed through would be an Identity, which is missing in browsers. */
function withoutIdentities(targets: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
  return targets.map((target, i) =>
    target.source.kind === 'op' && targets.indexOf(target) === i ? target : multiply(target, 1),
  );
}
