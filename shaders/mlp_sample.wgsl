// The velocity network and a fixed-step solver for all particles, in one kernel.
//
// A workgroup moves 4 * p4 particles. Their activations lie in shared memory, one vec4 for four
// particles of one neuron; each of the 256 invocations makes one tile of four neurons times four
// particles per layer. The first p4 invocations own the positions.

struct Job {
    // a_ij of the stages 2 to 4, b_i, c_i.
    a: array<vec4<f32>, 3>,
    b: vec4<f32>,
    c: vec4<f32>,
    // Outputs of each layer.
    sizes: array<vec4<u32>, 8>,
    t0: f32,
    h: f32,
    layers: u32,
    stages: u32,
    activation: u32,
    // Groups of four particles in a workgroup.
    p4: u32,
    n: u32,
    first_group: u32,
    step_begin: u32,
    step_end: u32,
    // First frame at or after step_begin.
    frame_begin: u32,
    frames: u32,
}

// A frame at `fraction` of a step.
struct Save {
    step: u32,
    fraction: f32,
}

@group(0) @binding(0) var<uniform> job: Job;
// Per layer: the bias, then one row for each input; rows of outputs, padded to four.
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> saves: array<Save>;
@group(0) @binding(3) var<storage, read_write> state: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> points: array<vec2<f32>>;

// [neuron, p4]: at most 1024 neurons for 4 particles, or 32 for 128.
var<workgroup> act: array<vec4<f32>, 1024>;

// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
fn erf(x: vec4<f32>) -> vec4<f32> {
    let z = abs(x);
    let u = 1.0 / (1.0 + 0.3275911 * z);
    let p = u * (0.254829592
        + u * (-0.284496736 + u * (1.421413741 + u * (-1.453152027 + u * 1.061405429))));
    return sign(x) * (1.0 - p * exp(-z * z));
}

fn activate(v: vec4<f32>) -> vec4<f32> {
    switch job.activation {
        case 0u: {
            return 0.5 * v * (1.0 + erf(v * 0.70710678));
        }
        case 1u: {
            return max(v, vec4<f32>(0.0));
        }
        case 2u: {
            // e^88 is the largest power that is finite.
            return v / (1.0 + exp(min(-v, vec4<f32>(88.0))));
        }
        default: {
            // The built-in tanh may overflow where it is one already.
            let e = exp(2.0 * clamp(v, vec4<f32>(-10.0), vec4<f32>(10.0)));
            return (e - 1.0) / (e + 1.0);
        }
    }
}

// The velocity at the owners' positions; every invocation of the workgroup takes part.
fn velocity(id: u32, x: vec4<f32>, y: vec4<f32>, t: f32) -> array<vec4<f32>, 2> {
    let p4 = job.p4;
    if id < p4 {
        act[id] = x;
        act[p4 + id] = y;
        act[2u * p4 + id] = vec4<f32>(t);
    }
    workgroupBarrier();
    let tile = id / p4;
    let column = id % p4;
    var inputs = 3u;
    var base = 0u;
    for (var layer = 0u; layer < job.layers; layer++) {
        let outputs = job.sizes[layer / 4u][layer % 4u];
        let row = (outputs + 3u) / 4u;
        var s0 = vec4<f32>(0.0);
        var s1 = vec4<f32>(0.0);
        var s2 = vec4<f32>(0.0);
        var s3 = vec4<f32>(0.0);
        if tile < row {
            let bias = weights[base + tile];
            s0 += bias.x;
            s1 += bias.y;
            s2 += bias.z;
            s3 += bias.w;
            for (var k = 0u; k < inputs; k++) {
                let w = weights[base + row * (k + 1u) + tile];
                let a = act[k * p4 + column];
                s0 += w.x * a;
                s1 += w.y * a;
                s2 += w.z * a;
                s3 += w.w * a;
            }
            if layer + 1u < job.layers {
                s0 = activate(s0);
                s1 = activate(s1);
                s2 = activate(s2);
                s3 = activate(s3);
            }
        }
        workgroupBarrier();
        if tile < row {
            let at = 4u * tile * p4 + column;
            act[at] = s0;
            act[at + p4] = s1;
            act[at + 2u * p4] = s2;
            act[at + 3u * p4] = s3;
        }
        workgroupBarrier();
        base += row * (inputs + 1u);
        inputs = outputs;
    }
    // What an owner reads here nobody writes before the next barrier but itself.
    let own = min(id, p4 - 1u);
    return array<vec4<f32>, 2>(act[own], act[p4 + own]);
}

@compute @workgroup_size(256)
fn main(
    @builtin(local_invocation_index) id: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let owner = id < job.p4;
    let first = ((job.first_group + group.x) * job.p4 + id) * 4u;
    var x = vec4<f32>(0.0);
    var y = vec4<f32>(0.0);
    if owner {
        for (var i = 0u; i < 4u; i++) {
            let p = state[min(first + i, job.n - 1u)];
            x[i] = p.x;
            y[i] = p.y;
        }
    }
    var frame = job.frame_begin;
    for (var step = job.step_begin; step < job.step_end; step++) {
        let old_x = x;
        let old_y = y;
        var kx: array<vec4<f32>, 4>;
        var ky: array<vec4<f32>, 4>;
        for (var stage = 0u; stage < job.stages; stage++) {
            var at_x = old_x;
            var at_y = old_y;
            for (var j = 0u; j < stage; j++) {
                let factor = job.h * job.a[stage - 1u][j];
                at_x += factor * kx[j];
                at_y += factor * ky[j];
            }
            let t = job.t0 + job.h * (f32(step) + job.c[stage]);
            let v = velocity(id, at_x, at_y, t);
            kx[stage] = v[0];
            ky[stage] = v[1];
            x += job.h * job.b[stage] * v[0];
            y += job.h * job.b[stage] * v[1];
        }
        while frame < job.frames && saves[frame].step == step {
            if owner {
                let w = saves[frame].fraction;
                let sx = old_x + w * (x - old_x);
                let sy = old_y + w * (y - old_y);
                for (var i = 0u; i < 4u; i++) {
                    if first + i < job.n {
                        points[frame * job.n + first + i] = vec2<f32>(sx[i], sy[i]);
                    }
                }
            }
            frame++;
        }
    }
    if owner {
        for (var i = 0u; i < 4u; i++) {
            if first + i < job.n {
                state[first + i] = vec2<f32>(x[i], y[i]);
            }
        }
    }
}
