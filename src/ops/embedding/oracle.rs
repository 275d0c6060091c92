//! The rows in plain tensors, differentiated by Burn.

use burn::tensor::{Int, Tensor, TensorData};

use super::Rows;

/// Same shapes as [`super::embedding`].
pub fn embedding(weight: Tensor<2>, rows: &Rows) -> Tensor<2> {
    let device = weight.device();
    let ids: Vec<i32> = rows.ids.iter().map(|&id| id as i32).collect();
    let n = ids.len();
    let out = weight.select(0, Tensor::<1, Int>::from_data(TensorData::new(ids, [n]), &device));
    match &rows.scale {
        Some(scale) => out * Tensor::<2>::from_data(TensorData::new(scale.to_vec(), [n, 1]), &device),
        None => out,
    }
}
