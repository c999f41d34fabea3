// The models that makeModels.py writes.
import { readdirSync, readFileSync } from 'node:fs';
import { FileError } from '../../src/graph/errors.js';
import { type ExternalData, type ModelTensor, OnnxModel } from '../../src/onnx/model.js';

const folder = new URL('../fixtures/onnx/', import.meta.url);

export const modelNames: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.onnx'))
  .sort();

export function readFixture(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(new URL(name, folder)));
}

export function decodeFixture(name: string): OnnxModel {
  return OnnxModel.decode(readFixture(name), { file: name, externalData: dataFiles() });
}

/** External data over files in memory: those given, and external.bin. */
export function dataFiles(files: Record<string, Uint8Array> = {}): ExternalData {
  const all: Record<string, Uint8Array> = { 'external.bin': readFixture('external.bin'), ...files };
  const file = (location: string): Uint8Array => {
    const bytes = all[location];
    if (bytes === undefined) throw new FileError(`no file ${location}`);
    return bytes;
  };
  return {
    read: (location, offset, length) => file(location).subarray(offset, offset + length),
    size: (location) => file(location).length,
  };
}

export function tensorNamed(model: OnnxModel, name: string): ModelTensor {
  const tensor = model.tensors().find((candidate) => candidate.name === name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return tensor;
}
