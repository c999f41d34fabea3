// The `./keras` entry point: reads `.keras` archives and whole-model HDF5 files; fflate and h5wasm load on first use.
// Must not import Node or ONNX Runtime.
export {
  type KerasLayer,
  type KerasModel,
  type KerasOptions,
  type KerasVariable,
  parseKerasConfig,
} from './keras/kerasModel.js';
export { type ReadKerasOptions, readKeras } from './keras/readKeras.js';
export type { ReadSibling } from './keras/tfjsWeights.js';
