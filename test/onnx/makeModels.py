"""Writes the models of test/fixtures/onnx, the same bytes each time: python test/onnx/makeModels.py

Needs onnx, numpy and ml_dtypes. The models opset08 to opset26 are valid for the official checker, each with what its
IR version first allowed; the others hold what a checker would refuse but a reader must keep or name.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

OUT = pathlib.Path(__file__).parent.parent / "fixtures" / "onnx"
IR_OF_OPSET = {8: 3, 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9}
IR_OF_OPSET |= {21: 10, 22: 10, 23: 11, 24: 11, 25: 12, 26: 13}
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def value(name, dtype=FLOAT, shape=()):
    return helper.make_tensor_value_info(name, dtype, shape)


def raw(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def typed(name, dtype, dims, values):
    return helper.make_tensor(name, dtype, dims, values)


def props(message, **entries):
    for key, text in entries.items():
        message.metadata_props.add(key=key, value=text)


def save(model, name):
    (OUT / name).write_bytes(model.SerializeToString(deterministic=True))


def branch(name, result, scale, ir):
    """A branch that scales the captured value `hidden`, with `bias` captured from the main graph."""
    # Below IR version 4 an initializer must be a graph input too, and a branch has no inputs.
    held = ir >= 4
    nodes = [] if held else [helper.make_node("Constant", [], [scale.name], name=f"{name}_hold", value=scale)]
    nodes += [
        helper.make_node("Mul", ["hidden", scale.name], [f"{name}_scaled"], name=f"{name}_mul"),
        helper.make_node("Add", [f"{name}_scaled", "bias"], [result], name=f"{name}_add"),
    ]
    return helper.make_graph(nodes, name, [], [value(result, shape=["N", 3])], [scale] if held else [])


def if_node(ir):
    return helper.make_node(
        "If",
        ["flag"],
        ["chosen"],
        name="choose",
        then_branch=branch("then", "then_out", raw("then_scale", np.float32([2, 3, 4])), ir),
        else_branch=branch("else", "else_out", typed("else_scale", FLOAT, [3], [0.5, 0.25, 0.125]), ir),
    )


def loop_node():
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["loop_go"], ["loop_go_on"], name="loop_keep"),
            helper.make_node("MatMul", ["loop_state", "square"], ["loop_product"], name="loop_matmul"),
            helper.make_node("Add", ["loop_product", "loop_step"], ["loop_next"], name="loop_add"),
        ],
        "loop_body",
        [value("loop_i", INT64), value("loop_go", BOOL), value("loop_state", shape=["N", 3])],
        [value("loop_go_on", BOOL), value("loop_next", shape=["N", 3])],
        [raw("loop_step", np.float32([0.5]))],
    )
    return helper.make_node("Loop", ["trips", "", "chosen"], ["looped"], name="repeat", body=body)


def scan_node():
    body = helper.make_graph(
        [
            helper.make_node("Add", ["scan_sum", "scan_row"], ["scan_next"], name="scan_add"),
            helper.make_node("Mul", ["scan_next", "scan_scale"], ["scan_out"], name="scan_mul"),
        ],
        "scan_body",
        [value("scan_sum", shape=[3]), value("scan_row", shape=[3])],
        [value("scan_next", shape=[3]), value("scan_out", shape=[3])],
        [raw("scan_scale", np.float32([1.5]))],
    )
    return helper.make_node(
        "Scan", ["zeros", "looped"], ["total", "y"], name="accumulate", body=body, num_scan_inputs=1
    )


def function_of(opset):
    constant = helper.make_node("Constant", [], ["alpha"], name="alpha_constant")
    constant.attribute.add(name="value_float", type=AttributeProto.FLOAT, ref_attr_name="alpha")
    offset = helper.make_node("Constant", [], ["offset"], name="offset_constant", value=raw("", np.float32([0.75])))
    nodes = [
        constant,
        offset,
        helper.make_node("Mul", ["function_x", "alpha"], ["function_scaled"], name="function_mul"),
        helper.make_node("Add", ["function_scaled", "offset"], ["function_y"], name="function_add"),
    ]
    function = helper.make_function(
        "test.functions", "ScaleShift", ["function_x"], ["function_y"], nodes, [helper.make_opsetid("", opset)], ["alpha"]
    )
    function.doc_string = "x · alpha + 0.75"
    return function


def training_info():
    initialization = helper.make_graph(
        [helper.make_node("Constant", [], ["fresh"], name="init_node", value=raw("", np.float32([0])))],
        "initialization",
        [],
        [value("fresh", shape=[1])],
    )
    algorithm = helper.make_graph(
        [helper.make_node("Sub", ["bias", "rate"], ["bias_next"], name="train_node")],
        "algorithm",
        [],
        [value("bias_next", shape=[3])],
        [raw("rate", np.float32([0.125]))],
    )
    info = onnx.TrainingInfoProto(initialization=initialization, algorithm=algorithm)
    info.initialization_binding.add(key="bias", value="fresh")
    info.update_binding.add(key="bias", value="bias_next")
    return info


def add_device_configuration(model):
    configuration = model.configuration.add(name="two", num_devices=2)
    configuration.device.extend(["left", "right"])
    node = model.graph.node[0].device_configurations.add(configuration_id="two", pipeline_stage=1)
    spec = node.sharding_spec.add(tensor_name="kernel", device=[0, -1])
    spec.index_to_device_group_map.add(key=-1, value=[0, 1])
    dim = spec.sharded_dim.add(axis=1)
    dim.simple_sharding.add(dim_value=3, num_shards=1)
    dim.simple_sharding.add(dim_param="N", num_shards=2)


def add_metadata(model):
    props(model.graph, graph="g")
    props(model.graph.node[0], node="n", source="layer.py:7")
    props(model.graph.initializer[0], tensor="t")
    props(model.graph.input[0], value="v")
    props(model.functions[0], function="f")


def model_of(opset):
    ir = IR_OF_OPSET[opset]
    initializers = [
        raw("kernel", np.arange(12, dtype=np.float32).reshape(4, 3) / 8),
        typed("bias", FLOAT, [3], [0.5, -1.25, 3.0]),
        typed("trips", INT64, [], [3]),
        raw("square", np.eye(3, dtype=np.float32)),
        typed("flag", BOOL, [], [1]),
        raw("half", np.float16([0.5, -0.0, 65504.0])),
        typed("limits", INT64, [3], [2**63 - 1, -(2**63), 2**53 + 1]),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "kernel"], ["product"], name="dense", doc_string="dense · kernel"),
        helper.make_node("Constant", [], ["zeros"], name="make_zeros", value=raw("zeros_value", np.zeros(3, np.float32))),
        helper.make_node("Constant", [], ["more"], name="make_more", value=typed("", FLOAT, [3], [1.0, 2.0, 3.0])),
        helper.make_node("Add", ["product", "more"], ["hidden"], name="add_more"),
        if_node(ir),
    ]
    # Loop and Scan took other inputs before opset 11 and 9.
    if opset >= 11:
        nodes += [loop_node(), scan_node()]
    else:
        nodes += [helper.make_node("Identity", ["chosen"], ["y"], name="keep")]
    outputs = [value("y", shape=["N", 3])]
    if opset >= 12:
        plain = dict(value_float=0.1, value_floats=[0.1, -2.5], value_int=2**62 + 1, value_ints=[-1, 0, 7])
        plain |= dict(value_string="text", value_strings=["a", "ä", ""])
        for name, given in plain.items():
            nodes.append(helper.make_node("Constant", [], [f"plain_{name}"], name=f"make_{name}", **{name: given}))
    if ir >= 8:
        nodes.append(helper.make_node("ScaleShift", ["y"], ["z"], name="call", domain="test.functions", alpha=0.5))
        outputs.append(value("z", shape=["N", 3]))
    graph = helper.make_graph(nodes, f"opset{opset}", [value("x", shape=["N", 4])], outputs, initializers, "a graph · doc")
    graph.value_info.extend([value("product", shape=["N", 3])])
    graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    graph.input[0].doc_string = "the input"
    if ir < 4:
        graph.input.extend([value(t.name, t.data_type, t.dims) for t in initializers])
    if ir >= 5:
        graph.quantization_annotation.add(tensor_name="product").quant_parameter_tensor_names.add(
            key="SCALE_TENSOR", value="bias"
        )
    if ir >= 6:
        graph.sparse_initializer.append(
            helper.make_sparse_tensor(raw("sparse", np.float32([1.5, -2.5])), raw("", np.int64([1, 5])), [2, 3])
        )
    imports = [helper.make_opsetid("", opset)]
    if ir >= 8:
        imports.append(helper.make_opsetid("test.functions", 1))
    model = helper.make_model(
        graph,
        ir_version=ir,
        opset_imports=imports,
        producer_name="makeModels",
        producer_version="1",
        domain="test",
        model_version=-7,
        doc_string="a model",
    )
    props(model, author="tests", empty="")
    if ir >= 7:
        model.training_info.append(training_info())
    if ir >= 8:
        model.functions.append(function_of(opset))
    if ir >= 10:
        add_metadata(model)
    if ir >= 11:
        add_device_configuration(model)
    return model


def check(model):
    # The checker knows neither training_info nor Constant attributes that nothing uses as faults; it must pass.
    onnx.checker.check_model(model, full_check=True)


# One tensor a dtype: the numbers as NumPy has them, special values included.
NUMBERS = {
    "FLOAT": [0.1, -0.0, np.inf, -np.inf, np.nan],
    "DOUBLE": [0.1, -0.0, np.inf, 5e-324, np.nan],
    "FLOAT16": [0.1, -0.0, np.inf, 6e-8, np.nan],
    "BFLOAT16": [0.1, -0.0, np.inf, 1e-40, np.nan],
    "FLOAT8E4M3FN": [0.5, -0.0, 448, 0.001953125, np.nan],
    "FLOAT8E4M3FNUZ": [0.5, -1.75, 240, 0.0009765625, np.nan],
    "FLOAT8E5M2": [0.5, -0.0, np.inf, 57344, np.nan],
    "FLOAT8E5M2FNUZ": [0.5, -1.75, 57344, 7.62939453125e-06, np.nan],
    "FLOAT8E8M0": [0.5, 1, 2**-127, 2.0**127, np.nan],
    "FLOAT4E2M1": [0.5, -6, 0, 1.5, -0.0],
    "INT64": [2**63 - 1, -(2**63), -1, 0, 2**53 + 1],
    "INT32": [2**31 - 1, -(2**31), -1, 0, 7],
    "INT16": [2**15 - 1, -(2**15), -1, 0, 7],
    "INT8": [127, -128, -1, 0, 7],
    "INT4": [7, -8, -1, 0, 3],
    "INT2": [1, -2, -1, 0, 1],
    "UINT64": [2**64 - 1, 0, 1, 2**63, 2**53 + 1],
    "UINT32": [2**32 - 1, 0, 1, 2**31, 7],
    "UINT16": [2**16 - 1, 0, 1, 2**15, 7],
    "UINT8": [255, 0, 1, 128, 7],
    "UINT4": [15, 0, 1, 8, 7],
    "UINT2": [3, 0, 1, 2, 3],
    "BOOL": [1, 0, 1, 1, 0],
}


def dtype_models():
    """The same tensors as raw_data and in the typed fields, and what NumPy says they hold."""
    raws, typeds, expected = [], [], {}
    for name, numbers in NUMBERS.items():
        number = TensorProto.DataType.Value(name)
        array = np.array(numbers, dtype=helper.tensor_dtype_to_np_dtype(number))
        tensor = numpy_helper.from_array(array, name)
        assert tensor.data_type == number and tensor.HasField("raw_data"), name
        raws.append(tensor)
        typeds.append(typed_form(tensor, array))
        again = numpy_helper.to_array(typeds[-1])
        assert again.tobytes() == array.tobytes(), name
        exact = [str(n) if array.dtype.kind in "iu" and abs(int(n)) > 2**53 else float(n) for n in array]
        expected[name] = {
            "numbers": [n if isinstance(n, str) or np.isfinite(n) else repr(n) for n in exact],
            "raw": tensor.raw_data.hex(),
        }
    for name, array in {
        "COMPLEX64": np.array([1 + 2j, -0.5j], np.complex64),
        "COMPLEX128": np.array([1 + 2j, 0.1 - 0.5j], np.complex128),
    }.items():
        raws.append(numpy_helper.from_array(array, name))
        typeds.append(helper.make_tensor(name, raws[-1].data_type, array.shape, array))
        expected[name] = {"raw": raws[-1].raw_data.hex()}
    strings = helper.make_tensor("STRING", TensorProto.STRING, [3], [b"", "ä".encode(), b"\xff\x00\xfe"])
    empty = onnx.TensorProto(name="EMPTY", data_type=FLOAT, dims=[0, 3])
    for name, tensors in {"dtypesRaw": raws, "dtypesTyped": [*typeds, strings, empty]}.items():
        graph = helper.make_graph([], name, [], [], tensors)
        save(helper.make_model(graph, ir_version=13, opset_imports=[helper.make_opsetid("", 26)]), f"{name}.onnx")
    (OUT / "dtypes.json").write_text(json.dumps(expected, indent=1) + "\n")


def typed_form(tensor, array):
    form = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    field = helper.tensor_dtype_to_field(tensor.data_type)
    if field == "int32_data":
        width = np.frombuffer(tensor.raw_data, np.uint8).size // array.size if array.itemsize > 1 else 1
        signed = array.dtype.kind == "i" and tensor.data_type != TensorProto.INT4 and tensor.data_type != TensorProto.INT2
        form.int32_data.extend(np.frombuffer(tensor.raw_data, f"<{'i' if signed else 'u'}{width}").astype(np.int32).tolist())
    else:
        getattr(form, field).extend(array.tolist())
    return form


def odd_model():
    """Valid protobuf that is unusual: unknown fields of each wire type and at each level, explicit defaults, bytes
    that are not UTF-8, both kinds of extents, newer enum values."""
    varint, fixed64, bytes_, group, fixed32 = (
        b"\xf8\x3e\x96\x01",
        b"\xf9\x3e12345678",
        b"\xfa\x3e\x04\x08\x01\xff\x00",
        b"\xfb\x3e\x08\x05\xfc\x3e",
        b"\xfd\x3eabcd",
    )
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Odd", ["x", "w"], ["y"], name="odd", domain="test", i=0, f=0.0, s=b"\xff", t=raw("t", np.int8([1])))],
            "odd",
            [value("x", shape=["N", 2])],
            [helper.make_value_info("y", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None)))],
            [raw("w", np.float32([1, 2])), raw("v", np.float32([3]))],
        ),
        ir_version=13,
        opset_imports=[helper.make_opsetid("", 26), helper.make_opsetid("test", 2**53 - 1)],
    )
    graph, node = model.graph, model.graph.node[0]
    model.doc_string = ""
    model.model_version = 0
    graph.node.add()
    graph.initializer[1].data_location = TensorProto.DEFAULT
    graph.value_info.add(name="map").type.map_type.value_type.optional_type.elem_type.opaque_type.name = "o"
    graph.value_info[0].type.map_type.key_type = INT64
    graph.value_info.add(name="sparse").type.sparse_tensor_type.shape.dim.add()
    node.attribute.add(name="types", type=AttributeProto.TYPE_PROTOS).type_protos.add(denotation="")
    model.MergeFromString(varint + fixed64 + bytes_ + group + fixed32 + varint)
    for message in [
        graph,
        node,
        node.attribute[0],
        graph.initializer[0],
        graph.input[0],
        graph.input[0].type,
        graph.input[0].type.tensor_type.shape.dim[0],
        model.opset_import[0],
        graph.value_info[0].type.map_type,
    ]:
        message.MergeFromString(group + varint + bytes_)
    graph.MergeFromString(b"\x52\x07caf\xe9 \xed\xa0")  # doc_string, not UTF-8
    node.attribute[0].MergeFromString(b"\xa0\x01\x63")  # type 99
    save(model, "odd.onnx")


def scopes_model():
    """Who uses which of several tensors with the same name."""
    inner = helper.make_graph(
        [
            helper.make_node("Mul", ["outer", "shared"], ["m"], name="inner_mul"),
            helper.make_node("Add", ["m", "shadowed"], ["inner_out"], name="inner_add", axis=3, mode="fast"),
        ],
        "inner",
        [],
        [value("inner_out")],
        [raw("shadowed", np.float32(2))],
    )
    middle = helper.make_graph(
        [
            helper.make_node("Constant", [], ["shared"], name="hides_shared", value=raw("", np.float32(5))),
            helper.make_node("If", ["flag"], ["middle_out"], name="nested", then_branch=inner, else_branch=inner),
        ],
        "middle",
        [value("hidden_by_input")],
        [value("middle_out")],
    )
    middle_by_node = helper.make_graph(
        [
            helper.make_node("Neg", ["x"], ["by_node"], name="hides_by_node"),
            helper.make_node("Add", ["by_node", "outer"], ["other_out"], name="uses_hidden"),
        ],
        "by_node",
        [],
        [value("other_out")],
    )
    twice = helper.make_node("Gemm", ["outer", "outer", "shared"], ["g"], name="twice", domain="ai.onnx", alpha=0.5, transB=1)
    many = helper.make_node("Custom", ["by_node", "shadowed", "", "hidden_by_input"], ["c"], name="many", domain="test")
    many.attribute.append(helper.make_attribute("branches", [middle, middle_by_node]))
    initializers = [raw(n, np.float32(i)) for i, n in enumerate(["outer", "shared", "shadowed", "by_node", "hidden_by_input"])]
    graph = helper.make_graph([twice, many], "scopes", [value("x"), value("outer")], [value("c")], initializers)
    save(helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 20)]), "scopes.onnx")


def external_model():
    """Tensors in external.bin, the second at an offset that no typed array could start at."""
    data = np.arange(6, dtype=np.float32).tobytes() + b"\x00" * 7 + np.array([2**40, -1], np.int64).tobytes()
    data += np.float32([2.5]).tobytes()
    (OUT / "external.bin").write_bytes(data)
    tensors = []
    for name, dtype, dims, offset, length in [("a", FLOAT, [2, 3], None, 24), ("b", INT64, [2], 31, 16), ("tail", FLOAT, [1], 47, None)]:
        tensor = onnx.TensorProto(name=name, data_type=dtype, dims=dims, data_location=TensorProto.EXTERNAL)
        entries = {"location": "external.bin", "offset": offset, "length": length, "checksum": "unchecked"}
        for key, entry in entries.items():
            if entry is not None:
                tensor.external_data.add(key=key, value=str(entry))
        tensors.append(tensor)
    tensors += [raw("inline", np.arange(300, dtype=np.float32)), raw("small", np.float32([1]))]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "tail"], ["y"])], "external", [], [value("y", shape=[2, 3])], tensors
    )
    save(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)]), "external.onnx")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for opset in IR_OF_OPSET:
        model = model_of(opset)
        check(model)
        save(model, f"opset{opset:02}.onnx")
    dtype_models()
    odd_model()
    scopes_model()
    external_model()


if __name__ == "__main__":
    main()
