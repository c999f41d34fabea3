// Draws graphs as SVG: operators in boxes, values as arrows between them, laid out from top to bottom by dagre.
// Must not read files; gives text.
import { Graph, layout } from '@dagrejs/dagre';

const font = { head: 13, line: 11, perHead: 7.8, perLine: 6.4 };
const gap = 24;
const colours = {
  Math: ['#e3ecf7', '#3b6ea5'],
  Reduce: ['#fbe9d9', '#b3642a'],
  Other: ['#e9e9ec', '#5b5b66'],
  Function: ['#e6f3e6', '#3c7d3c'],
  End: ['#ffffff', '#8a8a94'],
};

/**
 * One picture of a model's graph and the functions it calls, side by side.
 * @param {string} title for those who do not see it
 * @param {import('./readGraph.mjs').DrawnGraph[]} graphs
 * @returns {string}
 */
export function drawGraphs(title, graphs) {
  const drawings = graphs.map(drawOne);
  const height = Math.max(...drawings.map((drawing) => drawing.height)) + 2 * gap;
  let x = gap;
  const groups = drawings.map(({ left, width, parts }) => {
    const group = `<g transform="translate(${x - left} ${gap})">\n${parts.join('\n')}\n</g>`;
    x += width + 2 * gap;
    return group;
  });
  const width = x - gap;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#fcfcfd"/>`,
    ...groups,
    '</svg>\n',
  ].join('\n');
}

/** @param {import('./readGraph.mjs').DrawnGraph} drawn */
function drawOne({ title, nodes, inputs, outputs }) {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 22, ranksep: 26, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const boxes = [
    ...inputs.map(({ name, type }) => endBox(`in ${name}`, name, type)),
    ...nodes.map((node, i) => nodeBox(`node ${i}`, node)),
    ...outputs.map(({ name, type }) => endBox(`out ${name}`, name, type)),
  ];
  for (const { key, width, height } of boxes) graph.setNode(key, { width, height });
  for (const [from, to, value] of edges(nodes, inputs, outputs)) graph.setEdge(from, to, {}, value);
  layout(graph);
  const top = title === '' ? 0 : 24;
  const arrows = graph.edges().map((edge) => drawArrow(graph.edge(edge).points, top));
  const drawn = boxes.map((box) => drawBox(box, graph.node(box.key), top));
  const { width, height } = graph.graph();
  // dagre leaves arrows that go around everything out of its width.
  const ends = graph.edges().flatMap((edge) => graph.edge(edge).points.map(({ x }) => x));
  const left = Math.floor(Math.min(0, ...ends));
  const right = Math.max(width, ...ends);
  const heading = title === '' ? [] : [text(left, 12, title, font.head, '#3c7d3c', 'start', true)];
  const headingWidth = title.length * font.perHead;
  return {
    left,
    width: Math.ceil(Math.max(right - left, headingWidth)),
    height: Math.ceil(height) + top,
    parts: [...heading, ...arrows, ...drawn],
  };
}

/** Each arrow as from, to and the value it carries. */
function edges(nodes, inputs, outputs) {
  const makers = new Map(inputs.map(({ name }) => [name, `in ${name}`]));
  nodes.forEach((node, i) => {
    for (const name of node.outputs) makers.set(name, `node ${i}`);
  });
  const readers = nodes.flatMap((node, i) =>
    node.inputs
      .filter((name) => name !== '')
      .map((name, k) => [makers.get(name), `node ${i}`, `${name} ${k}`]),
  );
  return [...readers, ...outputs.map(({ name }) => [makers.get(name), `out ${name}`, name])];
}

function nodeBox(key, { op, domain, details }) {
  const lines = details.map(({ label, sign, value }) => `${label} ${sign} ${value}`);
  const width = Math.max(op.length * font.perHead, ...lines.map((line) => line.length * font.perLine)) + 20;
  return {
    key,
    head: op,
    lines,
    width,
    height: 24 + lines.length * 15,
    colour: colourOf(op, domain),
    round: 4,
  };
}

function endBox(key, name, type) {
  const lines = type === '' ? [] : [type];
  const width = Math.max(name.length * font.perHead, type.length * font.perLine) + 24;
  return { key, head: name, lines, width, height: 24 + lines.length * 15, colour: colours.End, round: 12 };
}

function colourOf(op, domain) {
  if (domain !== '') return colours.Function;
  if (op.startsWith('Reduce')) return colours.Reduce;
  return ['Add', 'Sub', 'Mul', 'Div', 'Sqrt', 'Clip', 'Relu', 'Min', 'Max'].includes(op)
    ? colours.Math
    : colours.Other;
}

function drawBox({ head, lines, width, height, colour: [fill, stroke], round }, { x, y }, top) {
  const left = tidy(x - width / 2);
  const upper = tidy(y - height / 2 + top);
  return [
    `<rect x="${left}" y="${upper}" width="${tidy(width)}" height="${height}" rx="${round}" fill="${fill}" stroke="${stroke}"/>`,
    text(tidy(x), upper + 16, head, font.head, '#1c1c22', 'middle', true),
    ...lines.map((line, i) =>
      text(tidy(x), upper + 32 + 15 * i, line, font.line, '#45454f', 'middle', false),
    ),
  ].join('\n');
}

function drawArrow(points, top) {
  const path = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${tidy(x)} ${tidy(y + top)}`).join(' ');
  const { x, y } = points.at(-1);
  const before = points.at(-2);
  const angle = Math.atan2(y - before.y, x - before.x);
  const corner = (turn) =>
    `${tidy(x - 7 * Math.cos(angle + turn))} ${tidy(y + top - 7 * Math.sin(angle + turn))}`;
  return [
    `<path d="${path}" fill="none" stroke="#8a8a94"/>`,
    `<path d="M${tidy(x)} ${tidy(y + top)} L${corner(0.4)} L${corner(-0.4)} Z" fill="#8a8a94"/>`,
  ].join('\n');
}

function text(x, y, content, size, fill, anchor, bold) {
  const weight = bold ? ' font-weight="bold"' : '';
  const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${x}" y="${tidy(y)}" font-size="${size}"${weight} fill="${fill}" text-anchor="${anchor}">${escaped}</text>`;
}

/** Tenths are fine enough, and the same wherever the layout was computed. */
function tidy(value) {
  return Math.round(value * 10) / 10;
}
