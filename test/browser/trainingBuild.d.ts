// The types of the training build under the name that the tests install it by; its own speak of another.
declare module 'onnxruntime-training-web/training' {
  type TrainingOrt = import('../support/trainingOrt.js').TrainingOrt;

  export const InferenceSession: TrainingOrt['InferenceSession'];
  export const Tensor: TrainingOrt['Tensor'];
  export const env: TrainingOrt['env'];
  export const TrainingSession: TrainingOrt['TrainingSession'];
}
