// What splicing changed in a model, node by node: everything but inserted nodes and rewired names must be the same.
// Must not import anything from src but the codec.
import { expect } from 'vitest';
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import type { onnx } from '../../src/onnx/gen/onnx.js';

export interface SpliceDiff {
  /** The operators put in, in order, with the graph they went into: `graph: Relu`. */
  readonly inserted: readonly string[];
  /** Names that nodes make or read under another name now: `graph: Sub output w_new → keras.constraints/w/updated_0`. */
  readonly rewired: readonly string[];
}

const PREFIX = 'keras.constraints/';

/** Compares the bytes of a step before and after it was spliced, unknown fields and doc strings included. */
export function spliceDiff(before: Uint8Array, after: Uint8Array): SpliceDiff {
  const [source, spliced] = [decodeModelProto(before), decodeModelProto(after)];
  const found = { inserted: [] as string[], rewired: [] as string[] };
  undo(source.graph as onnx.GraphProto, spliced.graph as onnx.GraphProto, 'graph', found);
  spliced.functions = spliced.functions.filter(({ domain }) => domain !== 'keras.constraints');
  spliced.opsetImport = spliced.opsetImport.filter(({ domain }) => domain !== 'keras.constraints');
  expect(Buffer.from(encodeModelProto(spliced)).equals(Buffer.from(encodeModelProto(source)))).toBe(true);
  return found;
}

/** Takes out of a graph what was put in, and puts back the names that were changed. */
function undo(
  source: onnx.GraphProto,
  spliced: onnx.GraphProto,
  path: string,
  found: { inserted: string[]; rewired: string[] },
): void {
  const isOurs = ({ name }: { name: string | null }): boolean => name?.startsWith(PREFIX) === true;
  for (const node of spliced.node.filter(isOurs)) found.inserted.push(`${path}: ${node.opType}`);
  spliced.node = spliced.node.filter((node) => !isOurs(node));
  spliced.initializer = spliced.initializer.filter((tensor) => !isOurs(tensor));
  spliced.input = spliced.input.filter((value) => !isOurs(value));
  spliced.output = spliced.output.filter((value) => !isOurs(value));
  expect(spliced.node.map(({ opType }) => opType)).toEqual(source.node.map(({ opType }) => opType));
  for (const [i, node] of spliced.node.entries()) {
    const twin = source.node[i] as onnx.NodeProto;
    for (const side of ['input', 'output'] as const) {
      for (const [j, name] of node[side].entries()) {
        const old = twin[side][j] as string;
        if (name !== old) found.rewired.push(`${path}: ${node.opType} ${side} ${old} → ${name}`);
        node[side][j] = old;
      }
    }
    for (const [j, { g, name }] of node.attribute.entries()) {
      const twinGraph = twin.attribute[j]?.g;
      if (g !== null && twinGraph != null) undo(twinGraph, g, `${path}/${node.opType}.${name}`, found);
    }
  }
}
