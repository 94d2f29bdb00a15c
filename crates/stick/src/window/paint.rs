//! One frame of the window: input in, picture and accessibility tree out. The real window and the tests share it.

use egui::{
    Context, FullOutput, PlatformOutput, RawInput, Ui, ViewportId, accesskit::TreeUpdate, epaint::ClippedPrimitive,
};
use std::time::Duration;

use super::{
    raster::{Picture, Textures},
    theme,
};

/// The toolkit with its textures.
pub(crate) struct Painter {
    context: Context,
    textures: Textures,
}

/// What a frame left.
pub(crate) struct Frame {
    /// The accessibility tree, if somebody wants it.
    pub(crate) tree: Option<TreeUpdate>,
    /// What the platform should do.
    pub(crate) platform: PlatformOutput,
    /// When the next frame is due.
    pub(crate) again: Duration,
    shapes: Vec<ClippedPrimitive>,
    pixels_per_point: f32,
}

impl Painter {
    /// With our letters.
    pub(crate) fn new() -> Self {
        let context = Context::default();
        theme::prepare(&context);
        Self { context, textures: Textures::default() }
    }

    /// The toolkit.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Runs a frame.
    pub(crate) fn frame(&mut self, input: RawInput, show: impl FnMut(&mut Ui)) -> Frame {
        let FullOutput { mut platform_output, mut textures_delta, shapes, pixels_per_point, viewport_output, .. } =
            self.context.run_ui(input, show);
        for (id, deltas) in std::mem::take(&mut textures_delta.set) {
            for delta in &deltas {
                self.textures.set(id, delta);
            }
        }
        let shapes = self.context.tessellate(shapes, pixels_per_point);
        for id in std::mem::take(&mut textures_delta.free) {
            self.textures.free(id);
        }
        let again = viewport_output.get(&ViewportId::ROOT).map_or(Duration::MAX, |output| output.repaint_delay);
        let tree = platform_output.accesskit_update.take();
        Frame { tree, platform: platform_output, again, shapes, pixels_per_point }
    }

    /// Draws a frame.
    pub(crate) fn draw(&self, frame: &Frame, picture: &mut Picture) {
        self.textures.draw(&frame.shapes, frame.pixels_per_point, picture);
    }
}
