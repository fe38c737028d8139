// Arrows: one quad each, the outline is a signed distance in the fragment shader.
// points holds pairs (position, velocity); size = half width of the shaft in pixels;
// shape = (pixels per unit of speed, longest arrow in pixels, pivot along the arrow, 0).

struct Arrow {
    @builtin(position) position: vec4<f32>,
    // Pixels along the arrow from its tail, and across.
    @location(0) local: vec2<f32>,
    // Length of the arrow and of its head, in pixels.
    @location(1) @interpolate(flat) lengths: vec2<f32>,
}

// Half width of the head per length of the head.
const HEAD_SLOPE = 0.5;

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> Arrow {
    let i = vertex / 6u;
    let corner = in_unit_square(vertex % 6u);
    let at = points[2u * i];
    let velocity = points[2u * i + 1u];
    let v = bitcast<vec2<f32>>(velocity);
    let speed = length(v);
    let ndc = bitcast<vec2<f32>>(at) * layer.scale + layer.offset;
    let reach = min(speed * layer.shape.x, layer.shape.y);

    var arrow: Arrow;
    arrow.position = HIDDEN;
    let near = all(abs(ndc) < vec2<f32>(1.0) + (layer.shape.y + 8.0) * layer.ndc_per_px);
    if !is_finite(at) || !is_finite(velocity) || !near || !(reach > 0.5) {
        return arrow;
    }
    let direction = v / speed;
    let head = min(2.0 + 6.0 * layer.size, 0.6 * reach);
    let side = max(HEAD_SLOPE * head, layer.size) + 1.0;
    arrow.lengths = vec2<f32>(reach, head);
    arrow.local = vec2<f32>(
        mix(-1.0, reach + 1.0, corner.x),
        mix(-side, side, corner.y),
    );
    let along = arrow.local.x - layer.shape.z * reach;
    let px = along * direction + arrow.local.y * vec2<f32>(-direction.y, direction.x);
    arrow.position = vec4<f32>(ndc + px * layer.ndc_per_px, 0.0, 1.0);
    return arrow;
}

@fragment
fn fs_main(arrow: Arrow) -> @location(0) vec4<f32> {
    let neck = arrow.lengths.x - arrow.lengths.y;
    let x = arrow.local.x;
    let y = abs(arrow.local.y);
    // The shaft reaches half a pixel into the head, so that no seam shows between them.
    let shaft = max(y - layer.size, max(-x, x - neck - 0.5));
    let flank = ((x - arrow.lengths.x) * HEAD_SLOPE + y) / sqrt(1.0 + HEAD_SLOPE * HEAD_SLOPE);
    let head = max(neck - x, flank);
    return layer.color * saturate(0.5 - min(shaft, head));
}
