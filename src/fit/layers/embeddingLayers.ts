// Layers that look rows up: Embedding.
// Must not import other folders of fit but settings.
import { takeRows } from '../../ops/moving.js';
import { castTo } from '../../ops/tensorLike.js';
import type { LayerFamily } from './layerKind.js';

export const embeddingLayers: LayerFamily = {
  Embedding: {
    // How long the inputs are, which older files tell, changes nothing.
    settings: ['input_dim', 'output_dim', 'input_length'],
    call: ({ input, variable }) => takeRows(variable('embeddings'), castTo(input, 'int32')),
  },
};
