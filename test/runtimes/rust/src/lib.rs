// The cases and answers as lines of JSON, shared by the programs of this folder.
// Must not know any runtime.
use base64::{engine::general_purpose::STANDARD, Engine};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};

#[derive(Clone, Serialize, Deserialize)]
pub struct Tensor {
    #[serde(default)]
    pub name: String,
    pub dtype: String,
    pub dims: Vec<usize>,
    /// Little-endian elements in base64.
    pub data: String,
}

impl Tensor {
    pub fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.data).expect("base64")
    }

    pub fn from_bytes(dtype: &str, dims: &[usize], bytes: &[u8]) -> Tensor {
        let data = STANDARD.encode(bytes);
        Tensor { name: String::new(), dtype: dtype.into(), dims: dims.to_vec(), data }
    }
}

#[derive(Deserialize)]
pub struct Case {
    pub id: String,
    pub model: String,
    pub inputs: Vec<Tensor>,
    pub outputs: Vec<String>,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Vec<Tensor>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Runs every case of the file in the first argument from the line in the third on, and appends answers to the second.
pub fn answer_all(run: impl Fn(&Case) -> Result<Vec<Tensor>, String>) {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, cases, answers, first] = &arguments[..] else {
        panic!("usage: <cases> <answers> <first>")
    };
    let first: usize = first.parse().expect("a line number");
    let mut out = OpenOptions::new().create(true).append(true).open(answers).expect("answers");
    for line in BufReader::new(File::open(cases).expect("cases")).lines().skip(first) {
        let case: Case = serde_json::from_str(&line.expect("a line")).expect("a case");
        // A runtime that panics refuses this case, not the others.
        let result = catch_unwind(AssertUnwindSafe(|| run(&case))).unwrap_or_else(|panic| Err(words(&*panic)));
        let (outputs, error) = match result {
            Ok(outputs) => (Some(outputs), None),
            Err(error) => (None, Some(error)),
        };
        let answer = Answer { id: case.id, outputs, error };
        writeln!(out, "{}", serde_json::to_string(&answer).expect("JSON")).expect("a written line");
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    format!("panicked: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without words"))
}
