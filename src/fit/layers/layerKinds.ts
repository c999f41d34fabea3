// The table of layers that can be trained. To add a layer: write its row in the file of its family (a new family gets a
// line here); the variables it has are in src/keras/layerTable.ts.
// Must not import other folders of fit.
import { type ErrorPlace, UnsupportedError } from '../../graph/errors.js';
import { activationLayers } from './activationLayers.js';
import { convolutionLayers } from './convolutionLayers.js';
import { denseLayers } from './denseLayers.js';
import { embeddingLayers } from './embeddingLayers.js';
import type { LayerKind } from './layerKind.js';
import { mergingLayers } from './mergingLayers.js';
import { normalizationLayers } from './normalizationLayers.js';
import { poolingLayers } from './poolingLayers.js';
import { regularizationLayers } from './regularizationLayers.js';
import { reshapingLayers } from './reshapingLayers.js';
import { resizingLayers } from './resizingLayers.js';
import { sampleNormalizationLayers } from './sampleNormalizationLayers.js';

const kinds: ReadonlyMap<string, LayerKind> = new Map(
  [
    denseLayers,
    embeddingLayers,
    convolutionLayers,
    poolingLayers,
    reshapingLayers,
    resizingLayers,
    activationLayers,
    normalizationLayers,
    sampleNormalizationLayers,
    regularizationLayers,
    mergingLayers,
  ].flatMap((family) => Object.entries(family)),
);

/** Every layer class that can be trained. */
export const layerKindNames: readonly string[] = [...kinds.keys()];

/** Classes that are out of scope, each with why. */
const outOfScope: ReadonlyMap<string, string> = new Map([
  ...[
    'SimpleRNN',
    'LSTM',
    'GRU',
    'RNN',
    'StackedRNNCells',
    'SimpleRNNCell',
    'LSTMCell',
    'GRUCell',
    'Bidirectional',
    'ConvLSTM1D',
    'ConvLSTM2D',
    'ConvLSTM3D',
  ].map((name) => [name, 'recurrent layers are not trained here'] as const),
  ['Lambda', 'its code is Python'],
]);

/** The kind of a layer class. @throws {UnsupportedError} when it cannot be trained here */
export function layerKind(className: string, place: ErrorPlace): LayerKind {
  const kind = kinds.get(className);
  if (kind !== undefined) return kind;
  const reason = outOfScope.get(className);
  throw new UnsupportedError(
    `the layer ${className} cannot be trained here${reason === undefined ? '' : `: ${reason}`}; those that can are ${layerKindNames.join(', ')}`,
    place,
  );
}
