// How much a splice put into a model.
// Must not change the model, and must not import runtime, files or cli.
import type { OnnxModel } from '../onnx/model.js';
import { type ModelGraph, type ModelNode, ModelStructure } from '../onnx/modelStructure.js';
import { SPLICED_PREFIX } from './splicedNames.js';

/** How many nodes of a model were put in by `splice`, those in subgraphs included and those of functions not. */
export function countSplicedNodes(model: OnnxModel): number {
  const { graph, trainings } = new ModelStructure(model);
  const inTraining = trainings.flatMap(({ algorithm, initialization }) => [algorithm, initialization]);
  return [graph, ...inTraining].reduce((sum, each) => sum + (each === undefined ? 0 : countIn(each)), 0);
}

function countIn({ nodes }: ModelGraph): number {
  return nodes.reduce((sum, node) => sum + countAt(node), 0);
}

function countAt(node: ModelNode): number {
  const own = node.name.startsWith(SPLICED_PREFIX) ? 1 : 0;
  return [...node.subgraphs().values()].reduce((sum, graph) => sum + countIn(graph), own);
}
