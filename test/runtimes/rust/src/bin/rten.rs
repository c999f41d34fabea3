// Runs the cases on RTen.
use half::{bf16, f16};
use rten::{Model, Value, ValueOrView};
use rten_tensor::{AsView, Layout};
use runtimes::{answer_all, Case, Tensor};

fn read(tensor: &Tensor) -> Result<Value, String> {
    let bytes = tensor.bytes();
    match tensor.dtype.as_str() {
        "float32" => shaped(tensor, chunks::<4>(&bytes).map(f32::from_le_bytes).collect::<Vec<_>>()),
        // RTen has none of these: its documentation says to hand over float32 and int32 in their place.
        "float64" => shaped(tensor, chunks::<8>(&bytes).map(|x| f64::from_le_bytes(x) as f32).collect::<Vec<_>>()),
        "int64" => shaped(tensor, chunks::<8>(&bytes).map(|x| i64::from_le_bytes(x) as i32).collect::<Vec<_>>()),
        "float16" => shaped(tensor, chunks::<2>(&bytes).map(|x| f16::from_le_bytes(x).to_f32()).collect::<Vec<_>>()),
        "bfloat16" => shaped(tensor, chunks::<2>(&bytes).map(|x| bf16::from_le_bytes(x).to_f32()).collect::<Vec<_>>()),
        other => panic!("no case has {other}"),
    }
}

fn shaped<T>(tensor: &Tensor, data: Vec<T>) -> Result<Value, String>
where
    Value: From<rten_tensor::Tensor<T>>,
{
    Ok(rten_tensor::Tensor::from_data(&tensor.dims[..], data).into())
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.chunks_exact(N).map(|chunk| chunk.try_into().expect("whole elements"))
}

fn write(value: Value) -> Result<Tensor, String> {
    let tensor: rten_tensor::Tensor<f32> = value.try_into().map_err(|error| format!("{error:?}"))?;
    let bytes: Vec<u8> = tensor.iter().flat_map(|x| x.to_le_bytes()).collect();
    Ok(Tensor::from_bytes("float32", tensor.shape(), &bytes))
}

fn run(case: &Case) -> Result<Vec<Tensor>, String> {
    let model = Model::load_file(&case.model).map_err(|error| error.to_string())?;
    let node = |name: &str| model.node_id(name).map_err(|error| error.to_string());
    let inputs = case.inputs.iter().map(|tensor| Ok((node(&tensor.name)?, ValueOrView::Value(read(tensor)?))));
    let inputs = inputs.collect::<Result<Vec<_>, String>>()?;
    let outputs = case.outputs.iter().map(|name| node(name)).collect::<Result<Vec<_>, String>>()?;
    let found = model.run(inputs, &outputs, None).map_err(|error| error.to_string())?;
    found.into_iter().map(write).collect()
}

fn main() {
    answer_all(run);
}
