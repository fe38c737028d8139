// Particles as antialiased discs, one triangle each.

@group(2) @binding(0) var<storage, read> labels: array<u32>;

struct Disc {
    @builtin(position) position: vec4<f32>,
    @location(0) from_center: vec2<f32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> Disc {
    let i = vertex / 3u;
    let reach = layer.size + 0.5;
    let placed = place(i, reach);
    var disc: Disc;
    disc.from_center = around_unit_circle(vertex % 3u) * reach;
    disc.color = layer.color;
    if layer.palette_len > 0u {
        disc.color = layer.palette[labels[i] % layer.palette_len];
    }
    disc.position = HIDDEN;
    if placed.visible {
        disc.position = vec4<f32>(placed.ndc + disc.from_center * layer.ndc_per_px, 0.0, 1.0);
    }
    return disc;
}

@fragment
fn fs_main(disc: Disc) -> @location(0) vec4<f32> {
    return disc.color * saturate(layer.size + 0.5 - length(disc.from_center));
}
