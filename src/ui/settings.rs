//! What the user has chosen for every project. Kept between two starts of the program.

use serde::{Deserialize, Serialize};

use crate::session::protocol::{Common, DeviceChoice};

/// Choices that outlive a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where to train and classify.
    pub device: DeviceChoice,
    /// The one seed of every random choice.
    pub seed: u64,
    /// Labels to aim for.
    pub goal: usize,
    /// No animation.
    pub still: bool,
    /// Light, dark, or as the system has it.
    pub theme: egui::ThemePreference,
    /// Size of everything; 1 is 100 %.
    pub zoom: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            device: DeviceChoice::Auto,
            seed: 0,
            goal: 100,
            still: false,
            theme: egui::ThemePreference::System,
            zoom: 1.0,
        }
    }
}

/// The smallest and the largest size of everything.
pub const ZOOM: std::ops::RangeInclusive<f32> = 0.6..=2.5;

impl Settings {
    /// What every job of the engine has.
    pub fn common(&self) -> Common {
        Common {
            device: self.device,
            seed: self.seed,
        }
    }

    /// Makes everything larger by so many tenths of the usual size, or smaller, within [`ZOOM`].
    pub fn enlarge(&mut self, tenths: f32) {
        // Whole tenths, however often it is changed.
        let zoom = ((10.0 * self.zoom).round() + tenths) / 10.0;
        self.zoom = zoom.clamp(*ZOOM.start(), *ZOOM.end());
    }

    /// Puts colours, size and motion into force.
    pub fn apply(&self, ctx: &egui::Context) {
        // The keys for the size are ours: what egui changes by itself would be neither shown here nor kept.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        ctx.set_theme(self.theme);
        ctx.set_zoom_factor(self.zoom.clamp(*ZOOM.start(), *ZOOM.end()));
        let animation_time = if self.still { 0.0 } else { 0.15 };
        ctx.all_styles_mut(|style| style.animation_time = animation_time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_goes_in_whole_tenths_and_not_beyond_its_ends() {
        let mut settings = Settings::default();
        for _ in 0..7 {
            settings.enlarge(1.0);
        }
        assert_eq!(settings.zoom, 1.7);
        for _ in 0..40 {
            settings.enlarge(-1.0);
        }
        assert_eq!(settings.zoom, *ZOOM.start());
        settings.enlarge(100.0);
        assert_eq!(settings.zoom, *ZOOM.end());
    }
}
