// A picture, pixel by pixel. shape = (left, top, width, height) in pixels of the viewport.

@group(2) @binding(0) var picture: texture_2d<f32>;

struct Texel {
    @builtin(position) position: vec4<f32>,
    @location(0) px: vec2<f32>,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> Texel {
    var texel: Texel;
    texel.px = in_unit_square(vertex) * layer.shape.zw;
    let ndc = (texel.px + layer.shape.xy) * layer.ndc_per_px;
    texel.position = vec4<f32>(ndc.x - 1.0, 1.0 - ndc.y, 0.0, 1.0);
    return texel;
}

@fragment
fn fs_main(texel: Texel) -> @location(0) vec4<f32> {
    return textureLoad(picture, vec2<i32>(texel.px), 0);
}
