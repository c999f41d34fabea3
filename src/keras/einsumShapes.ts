// The shapes of EinsumDense's variables, read off its equation.
// Must not import anything but config readers and shape types.
import { asList, field, textField } from './configValue.js';
import type { Dims, ShapeRule, ShapeSource } from './layerShapes.js';

interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
}

function equationOf({ config }: ShapeSource): Equation | undefined {
  const parts = /^([a-zA-Z.]+),([a-zA-Z]+)->([a-zA-Z.]+)$/.exec(textField(config, 'equation') ?? '');
  if (parts?.[1] === undefined || parts[2] === undefined || parts[3] === undefined) return undefined;
  return { input: parts[1], kernel: parts[2], output: parts[3] };
}

/** Sizes by letter; an ellipsis at either end leaves the letters of the other end in place. */
function sizesByLetter(labels: string, dims: Dims): Map<string, number | null> {
  const fromEnd = labels.startsWith('...');
  const letters = labels.replace('...', '');
  const result = new Map<string, number | null>();
  [...letters].forEach((letter, index) => {
    result.set(letter, dims.at(fromEnd ? index - letters.length : index) ?? null);
  });
  return result;
}

function outputSizes(source: ShapeSource, output: string): Map<string, number | null> {
  const value = field(source.config, 'output_shape');
  const list = asList(value) ?? [value];
  const dims = list.map((each) => (typeof each === 'number' ? each : null));
  // `output_shape` leaves the batch out, and with it the first label unless an ellipsis stands for it.
  return sizesByLetter(output.startsWith('...') ? output : output.slice(1), dims);
}

export const einsumKernel: ShapeRule = (source) => {
  const equation = equationOf(source);
  if (equation === undefined) return undefined;
  const output = outputSizes(source, equation.output);
  const input = sizesByLetter(equation.input, source.built('input_shape') ?? []);
  return [...equation.kernel].map((letter) => output.get(letter) ?? input.get(letter) ?? null);
};

/** From the first bias axis on: the output's size on the bias axes, 1 on the others. */
export const einsumBias: ShapeRule = (source) => {
  const equation = equationOf(source);
  const axes = textField(source.config, 'bias_axes');
  if (equation === undefined || axes === undefined) return undefined;
  const letters = [...equation.output.replace('...', '')];
  const first = letters.findIndex((letter) => axes.includes(letter));
  if (first < 0) return undefined;
  const sizes = outputSizes(source, equation.output);
  const bias = letters
    .slice(first)
    .map((letter) => (axes.includes(letter) ? (sizes.get(letter) ?? null) : 1));
  if (!equation.output.endsWith('...')) return bias;
  const input = source.built('input_shape');
  return input && [...bias, ...Array<number>(input.length - equation.input.length + 3).fill(1)];
};
