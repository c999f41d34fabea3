// The script of a Projector's worker, from the build, on an ONNX Runtime whose run number `failAt` of a call fails, or
// ends the thread.
// Must not change how the worker works.
import { workerData } from 'node:worker_threads';
import ort from 'onnxruntime-node';

const { failAt, fatal } = workerData;
const { create } = ort.InferenceSession;
let runs = 0;

ort.InferenceSession.create = async (...args) => {
  const session = await create.apply(ort.InferenceSession, args);
  return {
    run: async (...given) => {
      runs++;
      if (runs === failAt && fatal) process.exit(1);
      if (runs === failAt) throw new Error('the device is lost');
      return session.run(...given);
    },
    release: () => session.release(),
  };
};

await import('../../dist/projectorWorker.js');
