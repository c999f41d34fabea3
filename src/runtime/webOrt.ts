// onnxruntime-web, loaded when it is first needed: it is an optional peer of this package.
import { loadOrt, type OrtModule } from './ort.js';

/** Loads `onnxruntime-web`. @throws {ProviderError} when it is not installed, with the command that installs it */
export function loadWebOrt(): Promise<OrtModule> {
  return loadOrt('onnxruntime-web', () => import('onnxruntime-web'));
}
