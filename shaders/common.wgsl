// Shared by all passes: the uniform block, the stored points, the map to the screen.

struct Layer {
    // World to normalised device coordinates: ndc = scale * p + offset.
    scale: vec2<f32>,
    offset: vec2<f32>,
    ndc_per_px: vec2<f32>,
    // Weight of the second frame.
    weight: f32,
    // Radius, half width or kernel width in pixels.
    size: f32,
    // First points of the two frames around t.
    base: vec2<u32>,
    count: u32,
    stride: u32,
    n: u32,
    frames: u32,
    palette_len: u32,
    mode: u32,
    shape: vec4<f32>,
    color: vec4<f32>,
    palette: array<vec4<f32>, 16>,
}

@group(0) @binding(0) var<uniform> layer: Layer;

// Kept as bits: a shader compiler may assume that floats are never NaN, but not that bits are not.
@group(1) @binding(0) var<storage, read> points: array<vec2<u32>>;

// Outside the clip volume.
const HIDDEN = vec4<f32>(2.0, 2.0, 2.0, 1.0);

fn is_finite(bits: vec2<u32>) -> bool {
    return all((bits & vec2<u32>(0x7f800000u)) != vec2<u32>(0x7f800000u));
}

struct Placed {
    ndc: vec2<f32>,
    visible: bool,
}

// Particle `i` between the two frames around t; hidden when it is not finite or more than
// `margin_px` outside the target.
fn place(i: u32, margin_px: f32) -> Placed {
    let a = points[layer.base.x + i];
    let b = points[layer.base.y + i];
    let p = mix(bitcast<vec2<f32>>(a), bitcast<vec2<f32>>(b), layer.weight);
    let ndc = p * layer.scale + layer.offset;
    let near = all(abs(ndc) < vec2<f32>(1.0) + margin_px * layer.ndc_per_px);
    return Placed(ndc, near && is_finite(a) && is_finite(b));
}

// Corner 0, 1 or 2 of the equilateral triangle around the unit circle: a third fewer vertices
// than a square of two triangles, and half the triangles.
fn around_unit_circle(corner: u32) -> vec2<f32> {
    return vec2<f32>((f32(corner) - 1.0) * 1.7320509, select(-1.0, 2.0, corner == 1u));
}

// Corner 0 to 5 of the square [0, 1]^2 as two triangles.
fn in_unit_square(corner: u32) -> vec2<f32> {
    let folded = select(corner, 6u - corner, corner > 2u);
    // 0, 1, 2, 3, 2, 1
    return vec2<f32>(f32(folded & 1u), f32(folded >> 1u));
}
