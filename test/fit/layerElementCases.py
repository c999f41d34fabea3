"""The cases of makeLayerCases.py for dense layers, embeddings, normalizations, activations, and layers that move elements.

Cropping1D and UpSampling1D have no data_format in Keras.
"""

import keras
from keras import layers
from layerCase import (FIRST_IMAGE, FIRST_LINE, FIRST_VOLUME, IDS, IMAGE, LINE, VOLUME, MaxNorm, MinMaxNorm, NonNeg,
                       UnitNorm, case, dense)


def dense_cases():
    yield case("dense", (4,), layers.Dense, 3, activation="tanh", kernel_constraint=UnitNorm(),
               bias_constraint=NonNeg())
    yield case("dense-no-bias", (3, 4), layers.Dense, 3, use_bias=False, kernel_constraint=MinMaxNorm(0.3, 0.6))
    yield case("dense-rate", (2, 3, 4), layers.Dense, 2, activation="elu", kernel_constraint=MinMaxNorm(0.3, 0.6, 0.5, 1))
    yield case("dense-adam", (4,), layers.Dense, 5, activation="softplus", kernel_constraint=NonNeg(), optimizer="adam")
    for name, length, options in [("embedding", 4, {}), ("embedding-axis", 2, {"embeddings_constraint": UnitNorm(axis=1)})]:
        options.setdefault("embeddings_constraint", MaxNorm(0.6))
        def make(length=length, options=options):
            return keras.Sequential([keras.Input((length,), dtype="int32", name="input"),
                                     layers.Embedding(IDS, 3, name="own", **options), layers.Flatten(), dense()])
        yield name, "Embedding", make, {"optimizer": "sgd", "rate": 0.05}


def resizing_cases():
    first = {"data_format": "channels_first"}
    yield case("upsampling1d", (3, 2), layers.UpSampling1D)
    yield case("upsampling1d-3", (3, 2), layers.UpSampling1D, 3)
    yield case("upsampling2d", (3, 2, 2), layers.UpSampling2D)
    yield case("upsampling2d-uneven", (2, 3, 2), layers.UpSampling2D, (3, 2))
    yield case("upsampling2d-first", (2, 3, 2), layers.UpSampling2D, (1, 3), **first)
    for mode in ("bilinear", "bicubic", "lanczos3", "lanczos5"):
        yield case(f"upsampling2d-{mode}", (3, 4, 2), layers.UpSampling2D, 2, interpolation=mode)
    yield case("upsampling2d-bilinear-uneven", (3, 2, 2), layers.UpSampling2D, (3, 2), interpolation="bilinear")
    yield case("upsampling2d-bilinear-first", (2, 3, 4), layers.UpSampling2D, 2, interpolation="bilinear", **first)
    yield case("upsampling3d", (2, 2, 2, 2), layers.UpSampling3D)
    yield case("upsampling3d-uneven", (2, 2, 2, 2), layers.UpSampling3D, (1, 3, 2))
    yield case("upsampling3d-first", (2, 2, 2, 2), layers.UpSampling3D, (2, 1, 2), **first)
    yield case("zeropadding1d", LINE, layers.ZeroPadding1D, 2)
    yield case("zeropadding1d-uneven", LINE, layers.ZeroPadding1D, (0, 3))
    yield case("zeropadding1d-first", FIRST_LINE, layers.ZeroPadding1D, (1, 2), **first)
    yield case("zeropadding2d", (3, 4, 2), layers.ZeroPadding2D)
    yield case("zeropadding2d-each", (3, 4, 2), layers.ZeroPadding2D, (0, 2))
    yield case("zeropadding2d-uneven", (3, 4, 2), layers.ZeroPadding2D, ((1, 0), (2, 1)))
    yield case("zeropadding2d-first", (2, 3, 4), layers.ZeroPadding2D, ((1, 0), (2, 1)), **first)
    yield case("zeropadding3d", (2, 3, 2, 2), layers.ZeroPadding3D, (1, 0, 1))
    yield case("zeropadding3d-uneven", (2, 3, 2, 2), layers.ZeroPadding3D, ((1, 0), (0, 0), (0, 2)))
    yield case("zeropadding3d-first", (2, 2, 3, 2), layers.ZeroPadding3D, ((1, 0), (0, 1), (0, 0)), **first)
    yield case("cropping1d", LINE, layers.Cropping1D, 2)
    yield case("cropping1d-uneven", LINE, layers.Cropping1D, (0, 3))
    yield case("cropping2d", IMAGE, layers.Cropping2D, 1)
    yield case("cropping2d-each", IMAGE, layers.Cropping2D, (0, 2))
    yield case("cropping2d-uneven", IMAGE, layers.Cropping2D, ((1, 0), (2, 1)))
    yield case("cropping2d-first", FIRST_IMAGE, layers.Cropping2D, ((1, 0), (2, 1)), **first)
    yield case("cropping3d", VOLUME, layers.Cropping3D, 1)
    yield case("cropping3d-uneven", VOLUME, layers.Cropping3D, ((1, 0), (0, 1), (0, 2)))
    yield case("cropping3d-first", FIRST_VOLUME, layers.Cropping3D, ((1, 0), (0, 1), (0, 2)), **first)


def reshaping_cases():
    yield case("flatten", (2, 3, 2), layers.Flatten)
    yield case("flatten-first", (2, 3, 2), layers.Flatten, data_format="channels_first")
    yield case("flatten-vector", (3,), layers.Flatten)
    yield case("reshape", (2, 6), layers.Reshape, (4, 3))
    yield case("reshape-open", (2, 6), layers.Reshape, (3, -1, 2))
    yield case("permute", (2, 3, 2), layers.Permute, (3, 1, 2))
    yield case("permute-swap", (4, 3), layers.Permute, (2, 1))
    yield case("repeatvector", (3,), layers.RepeatVector, 4)
    yield case("identity", (3, 2), layers.Identity)


def normalization_cases():
    both = {"gamma_constraint": NonNeg(), "beta_constraint": MaxNorm(0.3)}
    kind = layers.BatchNormalization
    yield case("batchnorm", (5, 4), kind, momentum=0.9, epsilon=0.01, **both)
    yield case("batchnorm-image", IMAGE, kind, momentum=0.7, **both)
    yield case("batchnorm-volume", VOLUME, kind, **both)
    yield case("batchnorm-axis", FIRST_IMAGE, kind, axis=1, momentum=0.8, **both)
    yield case("batchnorm-middle", (5, 4, 3), kind, axis=2, momentum=0.8, **both)
    yield case("batchnorm-no-scale", (5, 4), kind, scale=False, beta_constraint=NonNeg())
    yield case("batchnorm-no-center", (5, 4), kind, center=False, gamma_constraint=MaxNorm(0.5))
    yield case("batchnorm-plain", (5, 4), kind, center=False, scale=False, momentum=0.5)
    yield case("batchnorm-frozen", (5, 4), kind, trainable=False)
    kind = layers.LayerNormalization
    yield case("layernorm", (3, 6), kind, epsilon=0.01, **both)
    yield case("layernorm-axes", (3, 4, 2), kind, axis=[1, 2], **both)
    yield case("layernorm-order", (3, 4, 2), kind, axis=[-1, 1], **both)
    yield case("layernorm-first", (3, 4), kind, axis=1, **both)
    yield case("layernorm-no-scale", (3, 5), kind, scale=False, beta_constraint=NonNeg())
    yield case("layernorm-no-center", (3, 5), kind, center=False, gamma_constraint=NonNeg())
    yield case("layernorm-rms", (3, 5), kind, rms_scaling=True, gamma_constraint=NonNeg())
    kind = layers.GroupNormalization
    yield case("groupnorm", (3, 4), kind, groups=2, epsilon=0.01, **both)
    yield case("groupnorm-image", (3, 2, 6), kind, groups=3, **both)
    yield case("groupnorm-axis", (4, 3, 2), kind, groups=2, axis=1, **both)
    yield case("groupnorm-middle", (3, 4, 2), kind, groups=2, axis=2, **both)
    yield case("groupnorm-one", (3, 4), kind, groups=1, scale=False, beta_constraint=NonNeg())
    yield case("groupnorm-instance", (4, 3, 2), kind, groups=-1, center=False, gamma_constraint=NonNeg())
    yield case("unitnorm-layer", (3, 4), layers.UnitNormalization)
    yield case("unitnorm-layer-axes", (3, 4, 2), layers.UnitNormalization, axis=[1, 2])
    yield case("unitnorm-layer-first", (3, 4, 2), layers.UnitNormalization, axis=1)
    yield case("rmsnorm", (3, 4), layers.RMSNormalization)
    # Keras lays the scale along the last dimensions, whichever the axes are: others fail unless the sizes are alike.
    yield case("rmsnorm-square", (4, 4), layers.RMSNormalization, axis=1)
    yield case("rmsnorm-axes", (3, 4, 2), layers.RMSNormalization, axis=[2, 3], epsilon=0.01)


ACTIVATIONS = [
    "linear", "relu", "relu6", "sigmoid", "tanh", "softplus", "softsign", "silu", "swish", "elu", "leaky_relu",
    "hard_sigmoid", "exponential", "selu", "celu", "gelu", "mish", "squareplus", "log_sigmoid", "tanh_shrink",
    "hard_silu", "hard_swish", "hard_tanh", "hard_shrink", "soft_shrink", "sparse_plus", "sparse_sigmoid", "softmax",
    "log_softmax", "sparsemax", "glu",
]


def activation_cases():
    for name in ACTIVATIONS:
        yield case(f"activation-{name.replace('_', '-')}", (3, 4), layers.Activation, name, halves=name == "glu",
                   rate=0.002 if name == "exponential" else 0.02)
    for name in ("relu", "softmax", "glu"):
        yield case(f"conv-activation-{name}", (4, 3), layers.Conv1D, 4, 2, activation=name, halves=name == "glu",
                   kernel_constraint=MaxNorm(0.5, axis=[0, 1]))
    yield case("relu", (3, 4), layers.ReLU)
    yield case("relu-max", (3, 4), layers.ReLU, max_value=0.5)
    yield case("relu-slope", (3, 4), layers.ReLU, negative_slope=0.3)
    yield case("relu-threshold", (3, 4), layers.ReLU, threshold=0.2)
    yield case("relu-all", (3, 4), layers.ReLU, max_value=0.9, negative_slope=0.2, threshold=0.3)
    yield case("leakyrelu", (3, 4), layers.LeakyReLU)
    yield case("leakyrelu-slope", (3, 4), layers.LeakyReLU, negative_slope=0.05)
    yield case("elu", (3, 4), layers.ELU)
    yield case("elu-alpha", (3, 4), layers.ELU, alpha=0.4)
    yield case("softmax", (3, 4), layers.Softmax)
    yield case("softmax-axis", (3, 4), layers.Softmax, axis=1)
    yield case("softmax-axes", (3, 4, 2), layers.Softmax, axis=[1, 2])
    yield case("prelu", (3, 4), layers.PReLU, alpha_constraint=NonNeg())
    yield case("prelu-shared", (3, 4), layers.PReLU, shared_axes=[1], alpha_constraint=NonNeg())
    yield case("prelu-image", (3, 4, 2), layers.PReLU, shared_axes=[1, 2], alpha_constraint=MaxNorm(0.3, axis=2))


def dropout_cases():
    yield case("dropout-none", (3, 4), layers.Dropout, 0.0)
    yield case("alphadropout-none", (3, 4), layers.AlphaDropout, 0.0)
    yield case("spatialdropout1d-none", (3, 4), layers.SpatialDropout1D, 0.0)
    yield case("spatialdropout2d-none", IMAGE, layers.SpatialDropout2D, 0.0)
    yield case("spatialdropout3d-none", VOLUME, layers.SpatialDropout3D, 0.0)


def element_cases():
    for family in (dense_cases, resizing_cases, reshaping_cases, normalization_cases, activation_cases, dropout_cases):
        yield from family()
