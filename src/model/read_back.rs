//! From the device to the host.

use burn::tensor::Tensor;

/// A tensor's numbers, row-major. Its device does all that was asked of it before.
///
/// # Errors
/// What the device says when it is lost or out of memory.
pub(crate) async fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    let data = tensor.into_data_async().await.map_err(|e| format!("{e:?}"))?;
    data.try_to_vec::<f32>().map_err(|e| format!("{e:?}"))
}
