// Runs the cases on candle.
use candle_core::{DType, Device, Result, Tensor as Candle};
use runtimes::{answer_all, Case, Tensor};
use std::collections::HashMap;

const DTYPES: [(&str, DType); 5] = [
    ("float32", DType::F32),
    ("float64", DType::F64),
    ("float16", DType::F16),
    ("bfloat16", DType::BF16),
    ("int64", DType::I64),
];

fn read(tensor: &Tensor) -> Result<Candle> {
    let (_, dtype) = DTYPES.iter().find(|(name, _)| *name == tensor.dtype).expect("a dtype of the cases");
    Candle::from_raw_buffer(&tensor.bytes(), *dtype, &tensor.dims, &Device::Cpu)
}

fn write(tensor: &Candle) -> Result<Tensor> {
    let flat = tensor.flatten_all()?;
    let (name, bytes): (&str, Vec<u8>) = match tensor.dtype() {
        DType::F32 => ("float32", flat.to_vec1::<f32>()?.iter().flat_map(|x| x.to_le_bytes()).collect()),
        DType::F64 => ("float64", flat.to_vec1::<f64>()?.iter().flat_map(|x| x.to_le_bytes()).collect()),
        DType::F16 => ("float16", flat.to_vec1::<half::f16>()?.iter().flat_map(|x| x.to_le_bytes()).collect()),
        DType::BF16 => ("bfloat16", flat.to_vec1::<half::bf16>()?.iter().flat_map(|x| x.to_le_bytes()).collect()),
        other => candle_core::bail!("the answer has dtype {other:?}"),
    };
    Ok(Tensor::from_bytes(name, tensor.dims(), &bytes))
}

fn run(case: &Case) -> Result<Vec<Tensor>> {
    let model = candle_onnx::read_file(&case.model)?;
    let inputs = case.inputs.iter().map(|tensor| Ok((tensor.name.clone(), read(tensor)?)));
    let outputs = candle_onnx::simple_eval(&model, inputs.collect::<Result<HashMap<_, _>>>()?)?;
    case.outputs.iter().map(|name| write(&outputs[name])).collect()
}

fn main() {
    answer_all(|case| run(case).map_err(|error| error.to_string()));
}
