//! Everything that a training loop needs to go on as if it had not been interrupted.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::model::Network;
use crate::model::read_back::floats;

/// A named array on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Dimensions.
    pub shape: Vec<usize>,
    /// Numbers, row-major.
    pub values: Vec<f32>,
}

/// Where a loop was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Steps done.
    pub step: u64,
    /// Epoch, from 0.
    pub epoch: usize,
    /// Batches done in the epoch.
    pub batch: usize,
    /// Seconds of training so far, over all resumptions.
    pub seconds: f64,
    /// Optimiser steps of each parameter.
    pub counts: BTreeMap<String, u64>,
    /// Describes data and configuration: a checkpoint of another run is refused.
    pub fingerprint: String,
}

/// A point that training can go on from.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    /// Parameters under `model.`, moments under `first.` and `second.`, states under `state.`.
    pub arrays: BTreeMap<String, Array>,
    /// Where the loop was.
    pub position: Position,
}

impl Checkpoint {
    /// Refuses to go on with the run that `fingerprint` describes from a checkpoint of another.
    ///
    /// # Errors
    /// When it is of another.
    pub fn check(&self, fingerprint: &str) -> Result<(), Error> {
        let own = &self.position.fingerprint;
        if own == fingerprint {
            return Ok(());
        }
        Err(Error::Checkpoint(format!(
            "it is of \"{own}\", this is \"{fingerprint}\""
        )))
    }

    /// Adds a tensor.
    ///
    /// # Errors
    /// When the device is lost.
    pub async fn put<const D: usize>(&mut self, name: String, tensor: Tensor<D>) -> Result<(), Error> {
        let shape = tensor.dims().to_vec();
        let values = floats(tensor.inner()).await.map_err(Error::Device)?;
        self.arrays.insert(name, Array { shape, values });
        Ok(())
    }

    /// A tensor that was added.
    ///
    /// # Errors
    /// When there is none of that name with D dimensions.
    pub fn get<const D: usize>(&self, name: &str, device: &Device) -> Result<Tensor<D>, Error> {
        let array = self
            .arrays
            .get(name)
            .ok_or_else(|| Error::Checkpoint(format!("it lacks {name}")))?;
        let shape: [usize; D] = array.shape.clone().try_into().map_err(|shape| {
            Error::Checkpoint(format!("{name} has the shape {shape:?}, not {D} dimensions"))
        })?;
        Ok(Tensor::from_data(
            TensorData::new(array.values.clone(), shape),
            &device.clone().inner(),
        ))
    }

    /// Adds every parameter of a network.
    ///
    /// # Errors
    /// When the device is lost.
    pub async fn put_network(&mut self, network: &impl Network) -> Result<(), Error> {
        let mut parameters = Vec::new();
        network.visit(&mut |_, name, p| parameters.push((format!("model.{name}"), p.constant())));
        for (name, tensor) in parameters {
            self.put(name, tensor).await?;
        }
        Ok(())
    }

    /// Sets every parameter of a network.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load_network(&self, network: &mut impl Network) -> Result<(), Error> {
        let mut result = Ok(());
        network.visit_mut(&mut |_, name, p| {
            let value = p.constant();
            match self.get::<2>(&format!("model.{name}"), &value.device()) {
                Ok(new) if new.dims() == value.dims() => p.set(new),
                Ok(new) => {
                    let message = format!(
                        "{name} has the shape {:?} instead of {:?}",
                        new.dims(),
                        value.dims()
                    );
                    result = Err(Error::Checkpoint(message));
                }
                Err(error) => result = Err(error),
            }
        });
        result
    }

    /// Adds another checkpoint's arrays, each name behind `prefix`.
    pub fn nest(&mut self, prefix: &str, part: Self) {
        let arrays = part.arrays.into_iter();
        self.arrays
            .extend(arrays.map(|(name, array)| (format!("{prefix}{name}"), array)));
    }

    /// The arrays that [`Checkpoint::nest`] added.
    pub fn nested(&self, prefix: &str) -> Self {
        let arrays = self.arrays.iter().filter_map(|(name, array)| {
            let name = name.strip_prefix(prefix)?;
            Some((name.to_string(), array.clone()))
        });
        Self {
            arrays: arrays.collect(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An interrupted run is not lost by a new version of the program.
    #[test]
    fn a_position_of_an_earlier_version_is_read() {
        let json = r#"{"step":3,"epoch":1,"batch":2,"seconds":4.5,"counts":{"w":3},"validation":[1.5],"averaging":false,
            "fingerprint":"a run"}"#;
        let position: Position = serde_json::from_str(json).unwrap();
        let expected = Position {
            step: 3,
            epoch: 1,
            batch: 2,
            seconds: 4.5,
            counts: BTreeMap::from([("w".to_string(), 3)]),
            fingerprint: "a run".to_string(),
        };
        assert_eq!(position, expected);
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused() {
        let mut checkpoint = Checkpoint::default();
        checkpoint.position.fingerprint = "a run".to_string();
        assert!(checkpoint.check("a run").is_ok());
        let refused = checkpoint.check("another").unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("it is of \"a run\", this is \"another\""),
            "{refused}"
        );
    }
}
