// Everyone who takes a train step: without constraint, with it inside, behind it in two ways, and tfjs. All but tfjs
// take what they read from JavaScript's memory and give new tensors, as ONNX Runtime does in a loop.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { get, OnnxModel } from '../../../dist/index.js';
import { Projector, StepLoop, splice } from '../../../dist/node.js';
import { buildTrainStep, modelFromConfig } from '../../../dist/train.js';
import { graphKey, makeSessions } from '../contenders/canonical.mjs';
import { fitEntry } from './fitStep.mjs';
import { batchOf, statesOf } from './networks.mjs';
import { encodeStep } from './onnxSteps.mjs';
import { TfjsStep } from './tfjsStep.mjs';

/**
 * @param {readonly import('../contenders.mjs').Contender[]} others of which those take part that can take a step
 * @returns {import('../contenders.mjs').Contender[]}
 */
export function gatherStepContenders(others) {
  const able = others.flatMap(({ name, step }) =>
    step === undefined ? [] : [{ name, takes: isMomentum, prepare: ({ network }) => step(network) }],
  );
  return [...contenders, ...able];
}

/** In which order Keras keeps Adam's state is not written down here. */
const isMomentum = ({ network }) => network.optimizer === 'momentum';

/** @type {import('../contenders.mjs').Contender[]} */
const contenders = [
  inSession('plain step', (network) => ({ bytes: encodeStep(network) })),
  inSession('spliced', (network) => spliced(network, { provider: 'cpu' })),
  inSession('spliced, canonical', (network) => spliced(network, {})),
  inSession('Projector behind', (network) => ({ bytes: encodeStep(network), after: projectorOf(network) })),
  inSession('session behind', (network) => ({ bytes: encodeStep(network), after: sessionsOf(network) })),
  fitContender('fit', true),
  fitContender('fit, unconstrained', false),
  {
    name: 'tfjs wasm',
    prepare({ network }, start) {
      const step = new TfjsStep(network, true, 'wasm');
      return {
        refill: () => step.refill(start),
        run: () => step.run(),
        answer: () => step.answer(),
        dispose: () => step.dispose(),
      };
    },
  },
];

function fitContender(name, constrained) {
  const platform = { StepLoop, buildTrainStep, modelFromConfig, providers: ['cpu'] };
  return { name, prepare: ({ network }) => fitEntry(network, constrained, platform) };
}

function inSession(name, makeStep) {
  return {
    name,
    async prepare({ network }, start) {
      const { bytes, after, detail } = makeStep(network);
      const project = await after;
      let session = await InferenceSession.create(bytes);
      const feeds = feedsOf(network, start);
      const own = network.parameters.map(({ name: parameter }) => parameter);
      const states = statesOf(network).flatMap((state) => own.map((key) => `${key}/${state}`));
      const names = [...own, ...states].map((key) => `${key}_new`);
      let outputs = {};
      return {
        // Two sessions of one model can differ by a tenth, by where their memory falls: each round has one of its own.
        async renew() {
          await session.release();
          session = await InferenceSession.create(bytes);
          await session.run(feeds);
        },
        refill() {
          outputs = {};
        },
        async run() {
          outputs = await session.run(feeds);
          await project?.run(outputs);
        },
        answer: () => names.map((output) => outputs[output].data),
        detail: () => detail,
        async dispose() {
          await project?.dispose();
          await session.release();
        },
      };
    },
  };
}

function feedsOf(network, start) {
  const { parameters, input, target } = network;
  const { x, y } = batchOf(network);
  const feeds = { x: new Tensor('float32', x, input), y: new Tensor('float32', y, target) };
  for (const [slot, ending] of ['', ...statesOf(network).map((state) => `/${state}`)].entries()) {
    for (const [i, { name, dims }] of parameters.entries()) {
      feeds[name + ending] = new Tensor('float32', start[slot * parameters.length + i], dims);
    }
  }
  return feeds;
}

function constrained({ parameters }) {
  return parameters.filter(({ constraint }) => constraint !== undefined);
}

function spliced(network, options) {
  const model = OnnxModel.decode(encodeStep(network));
  const pairs = constrained(network).map(({ name, constraint }) => [
    name,
    { input: name, output: `${name}_new`, constraint: get(constraint) },
  ]);
  const report = splice(model, { parameters: Object.fromEntries(pairs) }, options);
  const forms = report.map(({ name, form, nodes }) => `${name}: ${form}, ${nodes} nodes`);
  return { bytes: model.encode(), detail: forms };
}

async function projectorOf(network) {
  const own = constrained(network);
  const specs = own.map(({ name, dims, constraint }) => [name, { shape: dims, constraint: get(constraint) }]);
  const projector = await Projector.create(Object.fromEntries(specs), { providers: ['cpu'], strict: true });
  return {
    run: (outputs) =>
      projector.project(Object.fromEntries(own.map(({ name }) => [name, outputs[`${name}_new`].data]))),
    dispose: () => projector.dispose(),
  };
}

async function sessionsOf(network) {
  const own = constrained(network);
  const sessions = await makeSessions(own);
  return {
    async run(outputs) {
      for (const { name, dims, constraint } of own) {
        const session = sessions.get(graphKey(constraint, dims));
        const { w_out: projected } = await session.run({ w: outputs[`${name}_new`] });
        outputs[`${name}_new`] = projected;
      }
    },
    async dispose() {
      for (const session of sessions.values()) await session.release();
    },
  };
}
