// Layers that change spatial sizes without variables: UpSampling, ZeroPadding, Cropping.
// Must not import other folders of fit but settings.
import { asList } from '../../keras/configValue.js';
import { channelsFirst, channelsLast } from '../../ops/dataFormat.js';
import { pad, sizeAt, slice } from '../../ops/moving.js';
import { enlarge, repeatSpatial } from '../../ops/resizing.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';
import { dataFormatOf } from './convolutionLayers.js';
import type { LayerCall, LayerFamily, LayerKind } from './layerKind.js';

/** What a layer makes of its input while that has its channels first. */
function spatially(
  { settings, input }: LayerCall,
  change: (x: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  const format = dataFormatOf(settings);
  return channelsLast(change(channelsFirst(input, format)), format);
}

const modes = ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'] as const;

function upSampling(rank: number): LayerKind {
  const call = (layer: LayerCall): SymbolicTensor => {
    const { settings } = layer;
    const factors = settings.counts('size', rank, Array<number>(rank).fill(2));
    const mode = rank === 2 ? settings.choice('interpolation', modes, 'nearest') : 'nearest';
    return spatially(layer, (x) =>
      mode === 'nearest' ? repeatSpatial(x, factors) : enlarge(x, factors as [number, number], mode),
    );
  };
  // In one and three dimensions there is one way to do it, and no setting for it.
  return { settings: ['size', ...formatOf(rank), ...(rank === 2 ? ['interpolation'] : [])], call };
}

/** Keras has one dimension's channels last and no setting for it, but in ZeroPadding1D. */
const formatOf = (rank: number): readonly string[] => (rank === 1 ? [] : ['data_format']);

type Ends = readonly (readonly [number, number])[];

/** Numbers before and after each dimension: one for all, one for each, or a pair for each. */
function endsOf(settings: Settings, key: string, rank: number): Ends {
  const value = settings.raw(key) ?? 1;
  const list = asList(value) ?? Array<unknown>(rank).fill(value);
  // In one dimension a list is its pair, which newer files put into a list of its own.
  const items = rank === 1 && asList(value) !== undefined && asList(list[0]) === undefined ? [list] : list;
  const ends = items.map((item) => asList(item) ?? [item, item]);
  const isEnds = ends.length === rank && ends.every((pair) => pair.length === 2 && pair.every(isSize));
  if (isEnds) return ends as unknown as Ends;
  throw settings.refuse(key, `a whole number from 0, or ${rank} of them or of pairs of them`);
}

const isSize = (item: unknown): boolean =>
  typeof item === 'number' && Number.isSafeInteger(item) && item >= 0;

function zeroPadding(rank: number): LayerKind {
  const call = (layer: LayerCall): SymbolicTensor => {
    const ends = endsOf(layer.settings, 'padding', rank);
    return spatially(layer, (x) => pad(x, [[0, 0], [0, 0], ...ends]));
  };
  return { settings: ['padding', 'data_format'], call };
}

function cropping(rank: number): LayerKind {
  const call = (layer: LayerCall): SymbolicTensor => {
    const ends = endsOf(layer.settings, 'cropping', rank);
    return spatially(layer, (x) =>
      slice(
        x,
        ends.map(([start, after], i) => ({ axis: i + 2, start, end: sizeAt('slice', x, i + 2) - after })),
      ),
    );
  };
  return { settings: ['cropping', ...formatOf(rank)], call };
}

export const resizingLayers: LayerFamily = {
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  UpSampling3D: upSampling(3),
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  ZeroPadding3D: zeroPadding(3),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
};
