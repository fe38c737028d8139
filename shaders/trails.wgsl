// Trails: every stored segment of the first `count` particles as a quad, mitred at its ends.
// shape = (fractional frame number now, alpha ahead of now, 0, 0); stride = segments per trail.

struct Ribbon {
    @builtin(position) position: vec4<f32>,
    // Pixels from the middle line.
    @location(0) across: f32,
    // Fractional frame number.
    @location(1) time: f32,
}

struct Vertex {
    px: vec2<f32>,
    valid: bool,
}

fn stored(frame: u32, particle: u32) -> Vertex {
    let bits = points[frame * layer.n + particle];
    let ndc = bitcast<vec2<f32>>(bits) * layer.scale + layer.offset;
    let px = ndc / layer.ndc_per_px;
    // Far outside the screen the rasteriser's fixed-point numbers would overflow.
    return Vertex(px, is_finite(bits) && all(abs(px) < vec2<f32>(1e5)));
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> Ribbon {
    let segment = vertex / 6u;
    let particle = segment / layer.stride;
    let frame = segment % layer.stride;
    let corner = in_unit_square(vertex % 6u);
    let from_here = stored(frame, particle);
    let to_there = stored(frame + 1u, particle);
    let along = to_there.px - from_here.px;
    let distance = length(along);

    var ribbon: Ribbon;
    ribbon.position = HIDDEN;
    if !from_here.valid || !to_there.valid || distance < 1e-4 {
        return ribbon;
    }
    let direction = along / distance;
    let at_end = corner.x > 0.5;
    let here = select(from_here.px, to_there.px, at_end);

    // The neighbour beyond this end; both segments compute the same joint, so they meet without
    // a gap and without drawing a pixel twice.
    var tangent = direction;
    let has_neighbour = select(frame > 0u, frame + 2u < layer.frames, at_end);
    if has_neighbour {
        let next = stored(select(frame - 1u, frame + 2u, at_end), particle);
        let step = select(here - next.px, next.px - here, at_end);
        let step_length = length(step);
        if next.valid && step_length >= 1e-4 && dot(step / step_length, direction) > -0.5 {
            tangent = normalize(direction + step / step_length);
        }
    }
    let normal = vec2<f32>(-tangent.y, tangent.x);
    let miter = 1.0 / max(dot(tangent, direction), 0.5);
    ribbon.across = (2.0 * corner.y - 1.0) * (layer.size + 0.5);
    ribbon.time = f32(frame) + corner.x;
    let px = here + normal * ribbon.across * miter;
    ribbon.position = vec4<f32>(px * layer.ndc_per_px, 0.0, 1.0);
    return ribbon;
}

@fragment
fn fs_main(ribbon: Ribbon) -> @location(0) vec4<f32> {
    let cover = saturate(layer.size + 0.5 - abs(ribbon.across));
    return layer.color * (cover * select(layer.shape.y, 1.0, ribbon.time <= layer.shape.x));
}
