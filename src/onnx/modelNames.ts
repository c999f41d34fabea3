// Every name a model uses, for choosing names that clash with none.
// Must not tell the names' scopes apart: a name used anywhere is taken everywhere.
import { attributeGraphs } from './attributes.js';
import type { onnx } from './gen/onnx.js';

/** The names of all values and nodes: main graph, subgraphs, functions and training graphs. */
export function collectNames(model: onnx.ModelProto): Set<string> {
  const names = new Set<string>();
  if (model.graph !== null) addGraph(model.graph, names);
  for (const fn of model.functions) {
    addAll([...fn.input, ...fn.output], names);
    addAll(fn.valueInfo.map(nameOf), names);
    addNodes(fn.node, names);
  }
  for (const training of model.trainingInfo) {
    for (const graph of [training.initialization, training.algorithm]) {
      if (graph !== null) addGraph(graph, names);
    }
    for (const { key, value } of [...training.initializationBinding, ...training.updateBinding]) {
      addAll([key ?? '', value ?? ''], names);
    }
  }
  names.delete('');
  return names;
}

function addGraph(graph: onnx.GraphProto, names: Set<string>): void {
  for (const named of [graph.input, graph.output, graph.valueInfo, graph.initializer]) {
    addAll(named.map(nameOf), names);
  }
  addAll(
    graph.sparseInitializer.map((sparse) => sparse.values?.name ?? ''),
    names,
  );
  for (const annotation of graph.quantizationAnnotation) {
    addAll([annotation.tensorName ?? ''], names);
    addAll(
      annotation.quantParameterTensorNames.map((entry) => entry.value ?? ''),
      names,
    );
  }
  addNodes(graph.node, names);
}

function addNodes(nodes: readonly onnx.NodeProto[], names: Set<string>): void {
  for (const node of nodes) {
    addAll([node.name ?? '', ...node.input, ...node.output], names);
    for (const [, graph] of attributeGraphs(node)) addGraph(graph, names);
  }
}

function addAll(some: readonly string[], names: Set<string>): void {
  for (const name of some) names.add(name);
}

function nameOf(named: { name: string | null }): string {
  return named.name ?? '';
}
