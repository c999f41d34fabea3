// The same answers in other operators, for runtimes that go wrong on the plain ones; a plugin of `export`. These are
// custom constraints as anyone may write them.
// Must not import anything but the package.
import { MaxNorm, NonNeg, ops } from 'onnx-constraints';

/** MaxNorm that sums over one axis after another: OpenCV sums wrongly over three leading axes at once. */
class MaxNormAxisByAxis extends MaxNorm {
  static className = 'MaxNormAxisByAxis';

  call(w) {
    const squares = [this.axis].flat().reduce((sum, axis) => ops.sum(sum, axis, true), ops.square(w));
    const norms = ops.sqrt(squares);
    return ops.multiply(w, ops.divide(ops.clip(norms, 0, this.maxValue), ops.add(norms, this.epsilon)));
  }
}

/** NonNeg that keeps NaN where a runtime's Relu makes it 0, and 0 where one makes NaN of −∞. */
class NonNegByWhere extends NonNeg {
  static className = 'NonNegByWhere';

  call(w) {
    return ops.where(ops.less(w, 0), 0, w);
  }
}

export const customObjects = { MaxNormAxisByAxis, NonNegByWhere };
