// The canonical graph as a user runs it by hand: default session options, the answer in a new tensor.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { exportConstraint } from '../../../dist/index.js';

/** @type {import('../contenders.mjs').Contender} */
export const canonical = {
  name: 'canonical graph',
  async prepare({ parameters }, weights) {
    const sessions = await makeSessions(parameters);
    const own = parameters.map(({ dims, constraint }, i) => ({
      session: sessions.get(graphKey(constraint, dims)),
      feeds: { w: new Tensor('float32', weights[i].slice(), dims) },
    }));
    let results = [];
    return {
      refill() {
        results = [];
        for (const [i, { feeds }] of own.entries()) feeds.w.data.set(weights[i]);
      },
      async run() {
        for (const { session, feeds } of own) results.push(await session.run(feeds));
      },
      answer: () => results.map((result) => result.w_out.data),
      async dispose() {
        for (const session of sessions.values()) await session.release();
      },
    };
  },
};

/** One session a constraint and rank, its sizes open: a graph for each of 200 shapes would do worse. */
export async function makeSessions(parameters) {
  const sessions = new Map();
  for (const { dims, constraint } of parameters) {
    const key = graphKey(constraint, dims);
    if (sessions.has(key)) continue;
    sessions.set(key, await InferenceSession.create(exportConstraint(constraint, { rank: dims.length })));
  }
  return sessions;
}

export function graphKey(constraint, dims) {
  return JSON.stringify([constraint, dims.length]);
}
