"""The cases of makeLayerCases.py for layers that move a window: convolutions and poolings.

Left out because Keras refuses them: strides together with dilation, causal padding in two and three dimensions, an
output_padding that is no smaller than the stride. JAX on the CPU runs channels first in every layer here.
"""

from keras import layers
from layerCase import FIRST_LINE, LINE, MaxNorm, MinMaxNorm, NonNeg, UnitNorm, by_rank, case


def every(rank):
    """The axes of a convolution kernel that its filters are normed over."""
    return list(range(rank + 1))


def convolution_cases():
    for rank, kind in enumerate([layers.Conv1D, layers.Conv2D, layers.Conv3D], 1):
        key = f"conv{rank}d"
        norm = lambda limit=0.6: MaxNorm(limit, axis=every(rank))
        first = {"data_format": "channels_first"}
        uneven = (2, 3, 1)[:rank]
        yield case(key, by_rank(rank), kind, 3, 2, kernel_constraint=norm(), activation="tanh")
        yield case(f"{key}-same", by_rank(rank), kind, 2, uneven, padding="same", kernel_constraint=UnitNorm(axis=every(rank)))
        yield case(f"{key}-strides", by_rank(rank), kind, 4, 3, strides=2, use_bias=False, kernel_constraint=norm())
        yield case(f"{key}-strides-same", by_rank(rank), kind, 3, 3, strides=(3, 2, 2)[:rank], padding="same",
                   kernel_constraint=NonNeg(), bias_constraint=MaxNorm(0.2))
        yield case(f"{key}-strides-rest", by_rank(rank), kind, 2, 2, strides=(3, 3, 2)[:rank],
                   kernel_constraint=MinMaxNorm(0.3, 0.5, axis=every(rank)))
        yield case(f"{key}-dilation", by_rank(rank), kind, 2, 2, dilation_rate=(3, 2, 2)[:rank], kernel_constraint=norm())
        yield case(f"{key}-dilation-same", by_rank(rank), kind, 2, 2, dilation_rate=2, padding="same", kernel_constraint=norm())
        yield case(f"{key}-groups", by_rank(rank), kind, 4, 2, groups=2, kernel_constraint=norm(), units=4)
        yield case(f"{key}-groups-strides", by_rank(rank), kind, 6, 3, groups=3, strides=2, padding="same",
                   kernel_constraint=norm(), units=3)
        yield case(f"{key}-first", by_rank(rank, True), kind, 3, 2, kernel_constraint=norm(), **first)
        yield case(f"{key}-first-same", by_rank(rank, True), kind, 2, uneven, strides=2, padding="same",
                   kernel_constraint=norm(), optimizer="adam", **first)
        yield case(f"{key}-first-groups", (4, *by_rank(rank, True)[1:]), kind, 2, 2, groups=2, dilation_rate=2,
                   kernel_constraint=norm(), **first)
        yield case(f"{key}-wide", by_rank(rank), kind, 2, 1, strides=2, kernel_constraint=norm(0.3))
    causal = {"padding": "causal", "kernel_constraint": MaxNorm(0.6, axis=[0, 1])}
    yield case("conv1d-causal", LINE, layers.Conv1D, 3, 3, **causal)
    yield case("conv1d-causal-dilation", LINE, layers.Conv1D, 2, 2, dilation_rate=3, **causal)
    yield case("conv1d-causal-strides", LINE, layers.Conv1D, 2, 3, strides=2, **causal)
    yield case("conv1d-causal-groups", LINE, layers.Conv1D, 4, 2, groups=2, units=2, **causal)
    yield case("conv1d-causal-first", FIRST_LINE, layers.Conv1D, 2, 3, data_format="channels_first", **causal)


def transposed_cases():
    kinds = [layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose]
    small = {1: (4, 3), 2: (3, 4, 2), 3: (2, 3, 2, 2)}
    for rank, kind in enumerate(kinds, 1):
        key, shape = f"conv{rank}dtranspose", small[rank]
        first = (shape[-1], *shape[:-1])
        norm = lambda: MaxNorm(0.6, axis=[*range(rank), rank + 1])
        yield case(key, shape, kind, 2, 2, kernel_constraint=norm(), activation="tanh")
        yield case(f"{key}-same", shape, kind, 2, 3, padding="same", kernel_constraint=UnitNorm(axis=[*range(rank), rank + 1]))
        for span in (2, 3):
            for stride in (2, 3):
                if rank == 3 and stride == 3:
                    continue
                for padding in ("valid", "same"):
                    yield case(f"{key}-{span}-strides-{stride}-{padding}", shape, kind, 1 if rank == 3 else 2, span,
                               strides=stride, padding=padding, kernel_constraint=norm())
        yield case(f"{key}-strides-uneven", shape, kind, 1, (3, 2, 1)[:rank], strides=(1, 3, 2)[:rank], padding="same",
                   kernel_constraint=NonNeg(), use_bias=False)
        for padding in ("valid", "same"):
            for extra in (0, 1):
                yield case(f"{key}-padded-{extra}-{padding}", shape, kind, 1, 3, strides=2, padding=padding,
                           output_padding=extra, kernel_constraint=norm())
            yield case(f"{key}-dilation-{padding}", shape, kind, 1, 2, dilation_rate=2, padding=padding,
                       kernel_constraint=norm())
            yield case(f"{key}-first-{padding}", first, kind, 1, 3, strides=2, padding=padding,
                       data_format="channels_first", kernel_constraint=norm())


def depthwise_cases():
    for rank, kind in enumerate([layers.DepthwiseConv1D, layers.DepthwiseConv2D], 1):
        key = f"depthwise{rank}d"
        norm = lambda: MaxNorm(0.5, axis=list(range(rank)))
        first = {"data_format": "channels_first"}
        yield case(key, by_rank(rank), kind, 2, depthwise_constraint=norm(), activation="relu")
        yield case(f"{key}-multiplier", by_rank(rank), kind, 3, depth_multiplier=2, padding="same",
                   depthwise_constraint=UnitNorm(axis=list(range(rank))))
        yield case(f"{key}-strides", by_rank(rank), kind, 2, strides=2, padding="same", use_bias=False, depth_multiplier=3,
                   depthwise_constraint=norm())
        yield case(f"{key}-strides-valid", by_rank(rank), kind, 3, strides=2, depthwise_constraint=NonNeg())
        yield case(f"{key}-dilation", by_rank(rank), kind, 2, dilation_rate=2, depthwise_constraint=norm())
        yield case(f"{key}-first", by_rank(rank, True), kind, 2, depth_multiplier=2, depthwise_constraint=norm(), **first)
        yield case(f"{key}-first-same", by_rank(rank, True), kind, 3, strides=2, padding="same",
                   depthwise_constraint=norm(), optimizer="adam", **first)
    for rank, kind in enumerate([layers.SeparableConv1D, layers.SeparableConv2D], 1):
        key = f"separable{rank}d"
        both = {"depthwise_constraint": MaxNorm(0.5, axis=list(range(rank))),
                "pointwise_constraint": MaxNorm(0.4, axis=every(rank))}
        first = {"data_format": "channels_first"}
        yield case(key, by_rank(rank), kind, 3, 2, activation="tanh", **both)
        yield case(f"{key}-multiplier", by_rank(rank), kind, 2, 3, depth_multiplier=2, padding="same", use_bias=False, **both)
        yield case(f"{key}-strides", by_rank(rank), kind, 3, 3, strides=2, padding="same", **both)
        yield case(f"{key}-strides-valid", by_rank(rank), kind, 2, 2, strides=2, depth_multiplier=2, **both)
        yield case(f"{key}-dilation", by_rank(rank), kind, 2, 2, dilation_rate=2, padding="same", **both)
        yield case(f"{key}-first", by_rank(rank, True), kind, 2, 2, depth_multiplier=2, padding="same", **both, **first)


def pooling_cases():
    table = [
        ("max", [layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D]),
        ("average", [layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D]),
    ]
    for word, kinds in table:
        for rank, kind in enumerate(kinds, 1):
            key = f"{word}pool{rank}d"
            first = {"data_format": "channels_first"}
            yield case(key, by_rank(rank), kind, 2)
            yield case(f"{key}-same", by_rank(rank), kind, 2, padding="same")
            yield case(f"{key}-overlapping", by_rank(rank), kind, (3, 2, 3)[:rank], strides=(1, 2, 1)[:rank])
            yield case(f"{key}-overlapping-same", by_rank(rank), kind, 3, strides=(2, 1, 2)[:rank], padding="same")
            yield case(f"{key}-gaps", by_rank(rank), kind, (1, 2, 1)[:rank], strides=3)
            yield case(f"{key}-first", by_rank(rank, True), kind, 2, **first)
            yield case(f"{key}-first-same", by_rank(rank, True), kind, 3, strides=2, padding="same", **first)
    table = [
        ("globalmax", [layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D]),
        ("globalaverage", [layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D]),
    ]
    for word, kinds in table:
        for rank, kind in enumerate(kinds, 1):
            yield case(f"{word}{rank}d", by_rank(rank), kind)
            yield case(f"{word}{rank}d-keepdims", by_rank(rank), kind, keepdims=True)
            yield case(f"{word}{rank}d-first", by_rank(rank, True), kind, data_format="channels_first")
            yield case(f"{word}{rank}d-first-keepdims", by_rank(rank, True), kind, data_format="channels_first", keepdims=True)


def window_cases():
    for family in (convolution_cases, transposed_cases, depthwise_cases, pooling_cases):
        yield from family()
