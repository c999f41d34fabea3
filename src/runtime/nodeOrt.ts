// onnxruntime-node, loaded when it is first needed: it is an optional peer of this package.
import process from 'node:process';
import { loadOrt, type OrtModule } from './ort.js';

/** Loads `onnxruntime-node`. @throws {ProviderError} when it is not installed, with the command that installs it */
export function loadNodeOrt(): Promise<OrtModule> {
  return loadOrt('onnxruntime-node', () => import('onnxruntime-node'));
}

/** Whether the route without copies may be taken: not where ONNX_CONSTRAINTS_NO_COPY is 0. */
export function maySkipCopies(): boolean {
  return process.env.ONNX_CONSTRAINTS_NO_COPY !== '0';
}
