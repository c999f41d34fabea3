// onnxruntime-node, loaded when it is first needed: it is an optional peer of this package.
import { loadOrt, type OrtModule } from './ort.js';

/** Loads `onnxruntime-node`. @throws {ProviderError} when it is not installed, with the command that installs it */
export function loadNodeOrt(): Promise<OrtModule> {
  return loadOrt('onnxruntime-node', () => import('onnxruntime-node'));
}
