// Density: Gaussian kernels summed into a texture, then shown through a colour map.

struct Kernel {
    @builtin(position) position: vec4<f32>,
    // Kernel widths from the middle.
    @location(0) from_center: vec2<f32>,
}

// Every `stride`-th particle, cut at three kernel widths; size = kernel width in texels.
@vertex
fn vs_splat(@builtin(vertex_index) vertex: u32) -> Kernel {
    let reach = 3.0 * layer.size;
    let placed = place((vertex / 3u) * layer.stride, reach);
    var kernel: Kernel;
    kernel.from_center = around_unit_circle(vertex % 3u) * 3.0;
    kernel.position = HIDDEN;
    if placed.visible {
        let px = kernel.from_center * layer.size;
        kernel.position = vec4<f32>(placed.ndc + px * layer.ndc_per_px, 0.0, 1.0);
    }
    return kernel;
}

@fragment
fn fs_splat(kernel: Kernel) -> @location(0) vec4<f32> {
    let squared = dot(kernel.from_center, kernel.from_center);
    return vec4<f32>(select(0.0, exp(-0.5 * squared), squared < 9.0));
}

@group(2) @binding(0) var summed: texture_2d<f32>;
@group(2) @binding(1) var smooth_sampler: sampler;

struct Screen {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

// One triangle over the whole viewport.
@vertex
fn vs_map(@builtin(vertex_index) vertex: u32) -> Screen {
    let uv = vec2<f32>(f32((vertex << 1u) & 2u), f32(vertex & 2u));
    return Screen(vec4<f32>(2.0 * uv.x - 1.0, 1.0 - 2.0 * uv.y, 0.0, 1.0), uv);
}

// shape = (1 / density at the top of the map, alpha, density below which it fades out, 0).
@fragment
fn fs_map(screen: Screen) -> @location(0) vec4<f32> {
    let sum = textureSampleLevel(summed, smooth_sampler, screen.uv, 0.0).r;
    let value = saturate(sum * layer.shape.x);
    if (layer.mode & 1u) == 0u {
        return layer.color * value;
    }
    var rgb = viridis(value);
    if (layer.mode & 2u) != 0u {
        rgb = linear_from_gamma(rgb);
    }
    let fade = layer.shape.z;
    let alpha = layer.shape.y * select(1.0, saturate(value / fade), fade > 0.0);
    return vec4<f32>(rgb, 1.0) * alpha;
}

// matplotlib's viridis as polynomials of degree six; the fit is off by at most 0.01.
fn viridis(v: f32) -> vec3<f32> {
    let c0 = vec3<f32>(0.27772733, 0.005407345, 0.3340998);
    let c1 = vec3<f32>(0.10509304, 1.4046135, 1.3845902);
    let c2 = vec3<f32>(-0.33086183, 0.21484756, 0.09509516);
    let c3 = vec3<f32>(-4.6342305, -5.799101, -19.332441);
    let c4 = vec3<f32>(6.22827, 14.179933, 56.690553);
    let c5 = vec3<f32>(4.776385, -13.745145, -65.35303);
    let c6 = vec3<f32>(-5.435456, 4.6458526, 26.312435);
    return saturate(c0 + v * (c1 + v * (c2 + v * (c3 + v * (c4 + v * (c5 + v * c6))))));
}

fn linear_from_gamma(rgb: vec3<f32>) -> vec3<f32> {
    let low = rgb / 12.92;
    let high = pow((rgb + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, rgb <= vec3<f32>(0.04045));
}
