// Runs the cases on tract.
use runtimes::{answer_all, Case, Tensor};
use tract_onnx::prelude::*;

const DTYPES: [(&str, DatumType); 4] = [
    ("float32", DatumType::F32),
    ("float64", DatumType::F64),
    ("float16", DatumType::F16),
    ("int64", DatumType::I64),
];

fn read(tensor: &Tensor) -> TractResult<tract_onnx::prelude::Tensor> {
    let (_, dtype) = DTYPES.iter().find(|(name, _)| *name == tensor.dtype).expect("a dtype of the cases");
    unsafe { tract_onnx::prelude::Tensor::from_raw_dt(*dtype, &tensor.dims, &tensor.bytes()) }
}

fn write(tensor: &tract_onnx::prelude::Tensor) -> Tensor {
    let dtype = DTYPES.iter().find(|(_, dtype)| *dtype == tensor.datum_type());
    let name = dtype.map(|(name, _)| name.to_string()).unwrap_or(format!("{:?}", tensor.datum_type()));
    Tensor::from_bytes(&name, tensor.shape(), tensor.as_bytes())
}

fn run(case: &Case) -> TractResult<Vec<Tensor>> {
    let mut model = tract_onnx::onnx().model_for_path(&case.model)?;
    let inputs = case.inputs.iter().map(read).collect::<TractResult<Vec<_>>>()?;
    for (i, input) in inputs.iter().enumerate() {
        model.set_input_fact(i, InferenceFact::dt_shape(input.datum_type(), input.shape()))?;
    }
    let runnable = model.into_optimized()?.into_runnable()?;
    let outputs = runnable.run(inputs.into_iter().map(|input| input.into()).collect())?;
    Ok(outputs.iter().map(|output| write(output)).collect())
}

fn main() {
    answer_all(|case| run(case).map_err(|error| format!("{error:#}")));
}
