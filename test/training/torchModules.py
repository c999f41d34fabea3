"""The networks that makeTorchSteps.py trains, and the gradients that PyTorch's ONNX exporter cannot write, taken apart into
operators that it can. Needs torch alone.
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch._decomp import get_decompositions

CLASSES = 4
aten = torch.ops.aten


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(12, 8), nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        # Normalization takes a bias before it out again.
        self.conv1, self.norm = nn.Conv2d(1, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3)
        self.conv2 = nn.Conv2d(3, 4, 2)
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, x):
        hidden = F.max_pool2d(F.relu(self.norm(self.conv1(x))), 2)
        return self.fc(F.relu(self.conv2(hidden)).flatten(1))


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.fc = nn.Embedding(20, 6), nn.Linear(6, CLASSES)

    def forward(self, ids):
        return self.fc(self.table(ids).mean(1))


def convolution_backward(g, x, kernel, biases, stride, padding, dilation, transposed, extra, groups, wanted):
    """The gradients of a convolution as convolutions; the exporter has none."""
    assert not transposed and groups == 1
    swapped = aten.convolution(x.transpose(0, 1), g.transpose(0, 1), None, dilation, padding, stride, False, [0, 0], 1)
    of_kernel = swapped.transpose(0, 1)[:, :, : kernel.shape[2], : kernel.shape[3]]
    of_bias = g.sum((0, 2, 3)) if wanted[2] else None
    if not wanted[0]:
        return None, of_kernel, of_bias
    sizes = zip(x.shape[2:], g.shape[2:], kernel.shape[2:], stride, padding, dilation)
    left = [size - ((out - 1) * s - 2 * p + d * (k - 1) + 1) for size, out, k, s, p, d in sizes]
    return aten.convolution(g, kernel, None, stride, padding, dilation, True, left, 1), of_kernel, of_bias


def max_pool_backward(g, x, kernel, stride, padding, dilation, ceil, indices):
    """The gradient of pooling over windows that do not overlap; the exporter has none."""
    assert kernel == (stride or kernel) and dilation == [1, 1]
    return torch.zeros_like(x).flatten(2).scatter(2, indices.flatten(2), g.flatten(2)).view(x.shape)


# Normalization is taken apart, since the exporter writes that of training as that of inference, without a word.
DECOMPOSITIONS = get_decompositions([aten.native_batch_norm, aten.native_batch_norm_backward]) | {
    aten.convolution_backward.default: convolution_backward,
    aten.max_pool2d_with_indices_backward.default: max_pool_backward,
}
