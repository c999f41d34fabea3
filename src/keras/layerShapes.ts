// The shapes of layers' variables, as far as the layer's config and input shape tell them.
// Must not import anything but config readers.
import { asList, field, type JsonObject } from './configValue.js';

/** A shape with `null` for each size that is not known. */
export type Dims = readonly (number | null)[];

/** Everything a shape depends on: the layer's config, and the shapes it was built with. */
export interface ShapeSource {
  readonly config: JsonObject;
  /** A shape by the name `build_config` gives it, batch included; `undefined` where it is not known. */
  readonly built: (name: string) => Dims | undefined;
}

/** Works out a shape; `undefined` where not even the rank is known. */
export type ShapeRule = (source: ShapeSource) => Dims | undefined;

const asSize = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

const times = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a * b;

/** The size at a key of the config. */
export const size =
  (key: string, missing: number | null = null) =>
  ({ config }: ShapeSource): number | null => {
    const value = field(config, key);
    return value === undefined ? missing : asSize(value);
  };

const sizes = (value: unknown): Dims | undefined => asList(value)?.map(asSize);

function windowOf(source: ShapeSource, rank: number): Dims {
  const value = field(source.config, 'kernel_size');
  const list = sizes(value) ?? Array<number | null>(rank).fill(asSize(value));
  return list.length === rank ? list : Array<null>(rank).fill(null);
}

function channels(source: ShapeSource, firstChannelAxis = 1): number | null {
  const input = source.built('input_shape');
  const axis = field(source.config, 'data_format') === 'channels_first' ? firstChannelAxis : -1;
  return input?.at(axis) ?? null;
}

const lastSize = (source: ShapeSource): number | null => source.built('input_shape')?.at(-1) ?? null;

/** A vector as long as the config says under `key`. */
export const vector =
  (key: string, factor = 1): ShapeRule =>
  (source) => [times(size(key)(source), factor)];

/** A matrix with sizes from two keys of the config. */
export const matrix =
  (rows: string, columns: string): ShapeRule =>
  (source) => [size(rows)(source), size(columns)(source)];

export const denseKernel: ShapeRule = (source) => [lastSize(source), size('units')(source)];

export const convKernel =
  (rank: number): ShapeRule =>
  (source) => {
    const groups = size('groups', 1)(source) ?? 1;
    const inputs = channels(source);
    const each = inputs === null || inputs % groups !== 0 ? null : inputs / groups;
    return [...windowOf(source, rank), each, size('filters')(source)];
  };

export const transposedKernel =
  (rank: number): ShapeRule =>
  (source) => [...windowOf(source, rank), size('filters')(source), channels(source)];

export const depthwiseKernel =
  (rank: number): ShapeRule =>
  (source) => [...windowOf(source, rank), channels(source), size('depth_multiplier', 1)(source)];

export const depthwiseBias: ShapeRule = (source) => [
  times(channels(source), size('depth_multiplier', 1)(source)),
];

export const pointwiseKernel =
  (rank: number): ShapeRule =>
  (source) => [
    ...Array<number>(rank).fill(1),
    times(channels(source), size('depth_multiplier', 1)(source)),
    size('filters')(source),
  ];

export const recurrentInput =
  (gates: number): ShapeRule =>
  (source) => [lastSize(source), times(size('units')(source), gates)];

export const recurrentKernel =
  (gates: number): ShapeRule =>
  (source) => [size('units')(source), times(size('units')(source), gates)];

/** With `reset_after` a GRU has separate biases for input and recurrent kernel. */
export const gruBias: ShapeRule = (source) => {
  const width = times(size('units')(source), 3);
  return field(source.config, 'reset_after') === true ? [2, width] : [width];
};

export const convLstmKernel =
  (rank: number): ShapeRule =>
  (source) => [...windowOf(source, rank), channels(source, 2), times(size('filters')(source), 4)];

export const convLstmRecurrent =
  (rank: number): ShapeRule =>
  (source) => [...windowOf(source, rank), size('filters')(source), times(size('filters')(source), 4)];

/** The sizes of the input at the layer's `axis`, an integer or a list. */
export const inputAxes: ShapeRule = (source) => {
  const axis = field(source.config, 'axis') ?? -1;
  const axes = asList(axis) ?? [axis];
  const input = source.built('input_shape');
  return axes.map((at) => (typeof at === 'number' ? (input?.at(at) ?? null) : null));
};

/** One slope for each element of the input, but one for all along each of `shared_axes`. */
export const preluAlpha: ShapeRule = (source) => {
  const shared = asList(field(source.config, 'shared_axes')) ?? [];
  return source
    .built('input_shape')
    ?.slice(1)
    .map((length, index) => (shared.includes(index + 1) ? 1 : length));
};

/** A kernel from the features of one of the inputs to heads. */
export const headKernel =
  (input: string, heads: string, width: string): ShapeRule =>
  (source) => [source.built(input)?.at(-1) ?? null, size(heads)(source), size(width)(source)];

/** `value_dim` where the layer has one, `key_dim` otherwise, as Keras reads a `null` there. */
const valueWidth = (source: ShapeSource): number | null =>
  size('value_dim')(source) ?? size('key_dim')(source);

export const valueKernel =
  (input: string): ShapeRule =>
  (source) => [source.built(input)?.at(-1) ?? null, size('num_heads')(source), valueWidth(source)];

export const valueBias: ShapeRule = (source) => [size('num_heads')(source), valueWidth(source)];

/** The sizes that attention puts out: `output_shape`, or as many features as the query has. */
export const attentionOutput: ShapeRule = (source) => {
  const value = field(source.config, 'output_shape');
  if (typeof value === 'number') return [asSize(value)];
  return sizes(value) ?? [source.built('query_shape')?.at(-1) ?? null];
};

export const attentionOutputKernel: ShapeRule = (source) => [
  size('num_heads')(source),
  valueWidth(source),
  ...(attentionOutput(source) ?? []),
];

export const groupedOutputKernel: ShapeRule = (source) => [
  size('num_query_heads')(source),
  size('head_dim')(source),
  source.built('query_shape')?.at(-1) ?? null,
];

export const queryFeatures: ShapeRule = (source) => [source.built('query_shape')?.at(-1) ?? null];
