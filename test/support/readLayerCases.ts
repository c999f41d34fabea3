// The layer cases out of the fixtures.
// Must not import anything from src.
import { readFileSync } from 'node:fs';
import { parseLayerCases } from './layerCases.js';

const folder = new URL('../fixtures/fit/', import.meta.url);

const text = readFileSync(new URL('layers.json', folder), 'utf8');

export const layerCases = parseLayerCases(text, readFileSync(new URL('layers.safetensors', folder)));

/** Every class of keras.layers. */
export const kerasLayers = (JSON.parse(text) as { readonly layers: readonly string[] }).layers;
