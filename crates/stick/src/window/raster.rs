//! Draws egui's triangles with the processor, so that a PC without any graphics driver shows the window.

use std::collections::HashMap;

use egui::{
    ClippedPrimitive, Color32, ImageData, TextureId,
    epaint::{ImageDelta, Mesh, Primitive, Vertex},
};

/// The largest edge of a picture, in pixels.
pub(crate) const MAX_EDGE_PX: usize = 8192;
/// Corners are taken to a 256th of a pixel.
const SUBPIXEL: f32 = 256.0;

/// A picture: one pixel after the other, row after row, as `0x00rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The pixels.
    pub pixels: Vec<u32>,
}

impl Picture {
    /// One colour all over; at most [`MAX_EDGE_PX`] either way.
    pub fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.min(MAX_EDGE_PX), height.min(MAX_EDGE_PX));
        Self { width, height, pixels: vec![0; width * height] }
    }
}

/// The pictures that egui draws with: its letters.
#[derive(Debug, Default)]
pub(crate) struct Textures(HashMap<TextureId, Texture>);

#[derive(Debug)]
struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
}

impl Textures {
    /// Takes over what changed.
    pub(crate) fn set(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        match (delta.pos, self.0.get_mut(&id)) {
            (None, _) => {
                self.0.insert(id, Texture { size: image.size, pixels: image.pixels.clone() });
            }
            (Some([x, y]), Some(texture)) => {
                let [width, _] = image.size;
                for (row, from) in image.pixels.chunks_exact(width.max(1)).enumerate() {
                    let start = (y + row) * texture.size[0] + x;
                    if let Some(to) = texture.pixels.get_mut(start..start + width) {
                        to.copy_from_slice(from);
                    }
                }
            }
            (Some(_), None) => {}
        }
    }

    /// Forgets one.
    pub(crate) fn free(&mut self, id: TextureId) {
        self.0.remove(&id);
    }

    /// Draws over a picture.
    pub(crate) fn draw(&self, primitives: &[ClippedPrimitive], pixels_per_point: f32, picture: &mut Picture) {
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let clip = Clip {
                left: edge((clip_rect.min.x * pixels_per_point).round(), picture.width),
                top: edge((clip_rect.min.y * pixels_per_point).round(), picture.height),
                right: edge((clip_rect.max.x * pixels_per_point).round(), picture.width),
                bottom: edge((clip_rect.max.y * pixels_per_point).round(), picture.height),
            };
            self.draw_mesh(mesh, clip, pixels_per_point, picture);
        }
    }

    fn draw_mesh(&self, mesh: &Mesh, clip: Clip, scale: f32, picture: &mut Picture) {
        let texture = self.0.get(&mesh.texture_id);
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |at: usize| mesh.vertices.get(corners[at] as usize);
            if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
                draw_triangle([a, b, c], texture, clip, scale, picture);
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Clip {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture first")]
fn edge(at: f32, most: usize) -> usize {
    (at.max(0.0) as usize).min(most)
}

#[expect(clippy::cast_possible_truncation, reason = "far outside of every picture it is clamped")]
fn fixed(at: f32) -> i64 {
    (at.clamp(-1e6, 1e6) * SUBPIXEL).round() as i64
}

/// How far a point is on the inner side of the line from `a` to `b`.
fn side(a: (i64, i64), b: (i64, i64), at: (i64, i64)) -> i64 {
    (b.0 - a.0) * (at.1 - a.1) - (b.1 - a.1) * (at.0 - a.0)
}

/// Of two triangles that share an edge, exactly one gets the pixels on it: seams would show through.
fn takes_its_edge(a: (i64, i64), b: (i64, i64)) -> bool {
    (a.1 == b.1 && b.0 > a.0) || b.1 < a.1
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_wrap, reason = "places and weights inside a picture fit")]
fn draw_triangle(corners: [&Vertex; 3], texture: Option<&Texture>, clip: Clip, scale: f32, picture: &mut Picture) {
    let mut corners = corners;
    let place = |vertex: &Vertex| (fixed(vertex.pos.x * scale), fixed(vertex.pos.y * scale));
    let mut at = corners.map(place);
    let mut area = side(at[0], at[1], at[2]);
    if area == 0 {
        return;
    }
    if area < 0 {
        at.swap(1, 2);
        corners.swap(1, 2);
        area = -area;
    }
    let low = |values: [i64; 3]| values.into_iter().min().unwrap_or_default().div_euclid(256).max(0);
    let high = |values: [i64; 3]| values.into_iter().max().unwrap_or_default().div_euclid(256).max(-1) + 1;
    let (xs, ys) = (at.map(|point| point.0), at.map(|point| point.1));
    let whole = |value: i64| usize::try_from(value).unwrap_or(0);
    let (left, right) = (whole(low(xs)).max(clip.left), whole(high(xs)).min(clip.right));
    let (top, bottom) = (whole(low(ys)).max(clip.top), whole(high(ys)).min(clip.bottom));
    let bias = [(1, 2), (2, 0), (0, 1)].map(|(from, to)| i64::from(!takes_its_edge(at[from], at[to])));
    let plain = corners[0].color == corners[1].color
        && corners[1].color == corners[2].color
        && corners[0].uv == corners[1].uv
        && corners[1].uv == corners[2].uv;
    let one = plain.then(|| shade(corners, [1.0, 0.0, 0.0], texture));
    // Along a row each weight grows by the same step, so what is inside is one run from its first to its last pixel.
    let step = [(1, 2), (2, 0), (0, 1)].map(|(from, to)| (at[from].1 - at[to].1) * 256);
    for y in top..bottom {
        let begin = (left as i64 * 256 + 128, y as i64 * 256 + 128);
        let weights = [side(at[1], at[2], begin), side(at[2], at[0], begin), side(at[0], at[1], begin)];
        let Some((first, last)) = run(weights, step, bias, right.saturating_sub(left)) else { continue };
        let row = y * picture.width + left;
        let Some(pixels) = picture.pixels.get_mut(row + first..=row + last) else { continue };
        match one {
            Some([r, g, b, 255]) => pixels.fill(u32::from_be_bytes([0, r, g, b])),
            Some(source) => pixels.iter_mut().for_each(|pixel| *pixel = blend(*pixel, source)),
            None => {
                for (x, pixel) in (first as i64..).zip(pixels) {
                    let at = |edge: usize| (weights[edge] + step[edge] * x) as f32 / area as f32;
                    *pixel = blend(*pixel, shade(corners, [at(0), at(1), at(2)], texture));
                }
            }
        }
    }
}

/// The first and the last pixel of a row for which every weight reaches its bias.
fn run(weights: [i64; 3], step: [i64; 3], bias: [i64; 3], pixels: usize) -> Option<(usize, usize)> {
    let (mut first, mut last) = (0, i64::try_from(pixels).ok()? - 1);
    for ((weight, step), bias) in weights.into_iter().zip(step).zip(bias) {
        let missing = bias - weight;
        match step {
            0 if missing > 0 => return None,
            0 => {}
            1.. => first = first.max(-(-missing).div_euclid(step)),
            _ => last = last.min((-missing).div_euclid(-step)),
        }
    }
    (first <= last).then_some((usize::try_from(first).ok()?, usize::try_from(last).ok()?))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "weighted means of bytes, places in a picture"
)]
fn shade(corners: [&Vertex; 3], weights: [f32; 3], texture: Option<&Texture>) -> [u8; 4] {
    let mean = |value: fn(&Vertex) -> f32| -> f32 {
        corners.iter().zip(weights).map(|(corner, weight)| value(corner) * weight).sum()
    };
    let colour = [
        mean(|corner| f32::from(corner.color.r())),
        mean(|corner| f32::from(corner.color.g())),
        mean(|corner| f32::from(corner.color.b())),
        mean(|corner| f32::from(corner.color.a())),
    ];
    let texel = texture.map_or(Color32::WHITE, |texture| {
        let place = |at: f32, most: usize| ((at * most as f32).max(0.0) as usize).min(most.saturating_sub(1));
        let (x, y) = (place(mean(|c| c.uv.x), texture.size[0]), place(mean(|c| c.uv.y), texture.size[1]));
        texture.pixels.get(y * texture.size[0] + x).copied().unwrap_or(Color32::WHITE)
    });
    let mut shaded = [0; 4];
    for ((out, part), by) in shaded.iter_mut().zip(colour).zip(texel.to_array()) {
        *out = (part * f32::from(by) / 255.0).round().clamp(0.0, 255.0) as u8;
    }
    shaded
}

/// Lays a colour with premultiplied opacity over a pixel.
fn blend(under: u32, [r, g, b, a]: [u8; 4]) -> u32 {
    let rest = 255 - u32::from(a);
    let part = |shift: u32, over: u8| {
        let kept = ((under >> shift & 0xff) * rest + 127) / 255;
        (kept + u32::from(over)).min(255) << shift
    };
    part(16, r) | part(8, g) | part(0, b)
}

#[cfg(test)]
mod tests {
    use egui::{Pos2, Rect, epaint::Mesh, pos2, vec2};

    use super::*;

    fn draw(meshes: impl IntoIterator<Item = Mesh>, clip_rect: Rect) -> Picture {
        let mut picture = Picture::new(10, 10);
        let primitives: Vec<_> =
            meshes.into_iter().map(|mesh| ClippedPrimitive { clip_rect, primitive: Primitive::Mesh(mesh) }).collect();
        Textures::default().draw(&primitives, 1.0, &mut picture);
        picture
    }

    fn everywhere() -> Rect {
        Rect::from_min_size(Pos2::ZERO, vec2(10.0, 10.0))
    }

    #[test]
    fn two_triangles_of_a_rectangle_leave_no_seam_and_overlap_nowhere() {
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(
            Rect::from_min_max(pos2(2.0, 2.0), pos2(8.0, 8.0)),
            Color32::from_rgba_premultiplied(100, 0, 0, 128),
        );
        let picture = draw([mesh], everywhere());
        let inside = |x: usize, y: usize| (2..8).contains(&x) && (2..8).contains(&y);
        for (at, pixel) in picture.pixels.iter().enumerate() {
            let expected = if inside(at % 10, at / 10) { 100 << 16 } else { 0 };
            assert_eq!(*pixel, expected, "{at}");
        }
    }

    #[test]
    fn the_run_of_a_row_is_what_testing_each_pixel_finds() {
        let corners = [(300, 40), (2300, 900), (700, 2400), (-500, 1200), (1300, 1300), (2560, 0)];
        for a in corners {
            for b in corners {
                for c in corners {
                    let at = if side(a, b, c) < 0 { [a, c, b] } else { [a, b, c] };
                    let edges = [(at[1], at[2]), (at[2], at[0]), (at[0], at[1])];
                    let bias = edges.map(|(from, to)| i64::from(!takes_its_edge(from, to)));
                    let step = edges.map(|(from, to)| (from.1 - to.1) * 256);
                    for y in 0..10 {
                        let weights = |x: i64| edges.map(|(from, to)| side(from, to, (x * 256 + 128, y * 256 + 128)));
                        let inside = |x: &i64| weights(*x).iter().zip(bias).all(|(weight, bias)| *weight >= bias);
                        let each: Vec<i64> = (0..10).filter(inside).collect();
                        let found = run(weights(0), step, bias, 10);
                        let ends = each.first().zip(each.last());
                        let found =
                            found.map(|(first, last)| (i64::try_from(first).unwrap(), i64::try_from(last).unwrap()));
                        assert_eq!(found, ends.map(|(first, last)| (*first, *last)), "{at:?} {y}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_clip_or_the_picture() {
        let mut mesh = Mesh::default();
        mesh.add_colored_rect(Rect::from_min_max(pos2(-1e9, -50.0), pos2(1e9, f32::INFINITY)), Color32::WHITE);
        let clip = Rect::from_min_max(pos2(3.0, 3.0), pos2(5.0, 100.0));
        let picture = draw([mesh], clip);
        let drawn: Vec<usize> = (0..100).filter(|at| picture.pixels[*at] != 0).collect();
        assert!(drawn.iter().all(|at| (3..5).contains(&(at % 10)) && at / 10 >= 3), "{drawn:?}");
    }

    #[test]
    fn odd_numbers_and_missing_corners_do_no_harm() {
        let mut mesh = Mesh::default();
        for pos in [pos2(f32::NAN, 1.0), pos2(f32::INFINITY, f32::NEG_INFINITY), pos2(1.0, 1.0)] {
            mesh.vertices.push(Vertex { pos, uv: Pos2::ZERO, color: Color32::WHITE });
        }
        mesh.indices = vec![0, 1, 2, 7, 8, 9, 0, 0];
        draw([mesh], everywhere());
    }

    #[test]
    fn the_size_is_bounded() {
        let picture = Picture::new(usize::MAX, 1);
        assert_eq!((picture.width, picture.height), (MAX_EDGE_PX, 1));
    }
}
