//! What an adapter can do, as far as the kernels care.
//!
//! Every kernel works with [`DeviceCaps::FLOOR`], which any WebGPU adapter offers; a variant that needs more, or that
//! pays only on some adapters, is chosen from the caps of the device that a tensor lives on. Kernels use neither
//! subgroups nor 16-bit floats nor float atomics nor timestamps, so none of these is recorded. That CubeCL needs timestamps
//! in a browser is the choice of the device's to see to ([`super::device`]).

use burn::backend::DispatchDevice;
use burn::tensor::Device;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::DeviceProperties;

/// Limits of an adapter, or of a device opened on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeviceCaps {
    /// Storage buffers that one stage may bind. WebGPU promises 8, of which CubeCL keeps one for itself.
    pub storage_buffers: u32,
    /// Workgroup memory, bytes.
    pub workgroup_memory: u32,
    /// Invocations of a workgroup.
    pub invocations: u32,
    /// Workgroups in each dimension of a dispatch.
    pub workgroups: u32,
    /// Largest storage binding, bytes.
    pub binding: u64,
    /// Whether a processor does the work (lavapipe, SwiftShader, WARP).
    pub software: bool,
}

impl DeviceCaps {
    /// What every kernel works with.
    pub const FLOOR: Self = Self {
        storage_buffers: 7,
        workgroup_memory: 16 << 10,
        invocations: 256,
        workgroups: 65_535,
        binding: 128 << 20,
        software: false,
    };

    fn new(properties: &DeviceProperties) -> Self {
        let hardware = &properties.hardware;
        let (x, y, z) = hardware.max_cube_count;
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            storage_buffers: hardware.max_bindings,
            workgroup_memory: clamp(hardware.max_shared_memory_size),
            invocations: hardware.max_units_per_cube,
            workgroups: x.min(y).min(z),
            binding: properties.memory.max_page_size,
            software: properties.identity.physical.is_none(),
        }
    }

    /// The caps of the device that `tensor` lives on.
    pub fn of(tensor: &CubeTensor) -> Self {
        Self::new(tensor.client.properties())
    }

    /// The caps of `device`, which is opened; `None` for the CPU backend.
    pub fn of_device(device: &Device) -> Option<Self> {
        match device.clone().inner().as_dispatch() {
            DispatchDevice::Cube(device) => Some(Self::new(device.client().properties())),
            _ => None,
        }
    }

    /// The first limit that is below what the kernels need, in words.
    pub fn shortfall(&self) -> Option<String> {
        let floor = Self::FLOOR;
        let limits: [(&str, u64, u64); 5] = [
            (
                "storage buffers a stage",
                self.storage_buffers.into(),
                floor.storage_buffers.into(),
            ),
            (
                "bytes of workgroup memory",
                self.workgroup_memory.into(),
                floor.workgroup_memory.into(),
            ),
            (
                "invocations a workgroup",
                self.invocations.into(),
                floor.invocations.into(),
            ),
            (
                "workgroups a dimension",
                self.workgroups.into(),
                floor.workgroups.into(),
            ),
            ("bytes a binding", self.binding, floor.binding),
        ];
        limits
            .into_iter()
            .find(|(_, has, needs)| has < needs)
            .map(|(what, has, needs)| format!("{has} {what} where {needs} are needed"))
    }

    /// Workgroups that one dimension of a launch takes.
    ///
    /// Tests keep it at three, so that launches of their small shapes are spread over two dimensions as large ones are.
    fn row_of_groups(&self) -> u32 {
        if cfg!(test) { 3 } else { self.workgroups.max(1) }
    }

    /// Workgroups that cover `items` with `size` each, spread over two dimensions where one is too short.
    ///
    /// The shader's item is `(group.y * group_count.x + group.x) * size + local`.
    pub fn groups_1d(&self, items: usize, size: u32) -> [u32; 3] {
        let groups = u32::try_from(items).unwrap_or(u32::MAX).div_ceil(size).max(1);
        let rows = groups.div_ceil(self.row_of_groups());
        [groups.div_ceil(rows), rows, 1]
    }

    /// Workgroups that cover a matrix in tiles of so many columns and rows, the rows of tiles spread over two dimensions
    /// where one is too short.
    ///
    /// The shader's row of tiles is `group.z * group_count.y + group.y`, its column `group.x`.
    pub fn groups_2d(&self, columns: usize, rows: usize, tile: [usize; 2]) -> [u32; 3] {
        let tiles = |n: usize, tile: usize| u32::try_from(n.div_ceil(tile)).unwrap_or(u32::MAX).max(1);
        let rows = tiles(rows, tile[1]);
        let depth = rows.div_ceil(self.row_of_groups());
        [tiles(columns, tile[0]), rows.div_ceil(depth), depth]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_cover_every_item_within_the_limit() {
        let caps = DeviceCaps::FLOOR;
        let limit = caps.row_of_groups();
        for items in [0, 1, 63, 64, 65, 3 * 64, 3 * 64 + 1, 1_000, 100_003] {
            let [x, y, z] = caps.groups_1d(items, 64);
            assert!(x <= limit && z == 1, "{items} items: {x} x {y} x {z}");
            assert!(x as usize * y as usize * 64 >= items, "{items} items: {x} x {y}");
            assert!(
                (x as usize * y as usize) < items.div_ceil(64).max(1) + y as usize,
                "{items} items waste {x} x {y}"
            );
        }
        for rows in [1, 16, 17, 48, 49, 1_000] {
            let [x, y, z] = caps.groups_2d(40, rows, [16, 16]);
            assert!(x == 3 && y <= limit, "{rows} rows: {x} x {y} x {z}");
            assert!(y as usize * z as usize * 16 >= rows, "{rows} rows: {y} x {z}");
        }
    }

    #[test]
    fn a_weak_adapter_is_named_by_what_it_lacks() {
        assert_eq!(DeviceCaps::FLOOR.shortfall(), None);
        let weak = DeviceCaps {
            invocations: 128,
            ..DeviceCaps::FLOOR
        };
        assert_eq!(
            weak.shortfall().as_deref(),
            Some("128 invocations a workgroup where 256 are needed")
        );
    }

    #[test]
    fn the_cpu_backend_has_none() {
        assert_eq!(DeviceCaps::of_device(&Device::flex()), None);
    }
}
