//! The networks of variational flow matching together: velocity, posterior and prior.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::residual::{ResidualConv, ResidualMlp};
use super::unet::Unet;

/// The numbers of the prior, and of all z together, move this many times as fast as the networks'
/// under Adam, whose steps do not depend on the size of a gradient: at the networks' rate an empty
/// corner of a digit would take thousands of steps to reach its grey.
const PRIOR_RATE: f32 = 10.0;
/// Where the log-variance of a pixel that never changes stops falling.
const LEAST_LOGVAR: f32 = -10.0;

/// A network over flat points or pictures.
#[derive(Module, Debug)]
pub enum Body {
    /// For points.
    Mlp(ResidualMlp),
    /// For pictures.
    Conv(ResidualConv),
    /// For pictures.
    Unet(Unet),
}

impl Body {
    /// `[batch, d outputs]` of `[batch, d]`; `shape` is side, side and channels of a picture.
    fn forward(&self, x: Tensor<2>, shape: [usize; 3], t: Option<Tensor<2>>) -> Tensor<2> {
        let batch = x.dims()[0];
        let [height, width, channels] = shape;
        let picture = |x: Tensor<2>| x.reshape([batch, height, width, channels]);
        match self {
            Self::Mlp(net) => net.forward(x, t),
            Self::Conv(net) => net.forward(picture(x), t).flatten(1, 3),
            Self::Unet(net) => net.forward(picture(x), t).flatten(1, 3),
        }
    }
}

/// `v_θ(x, t)`, `q(z|x) = N(μ(x), e^logvar(x))`, the prior `N(μ_p, e^logvar_p)` and, where it is
/// kept, the law of all z together, all over flat points or pictures `[batch, d]`, the channels of
/// a picture's point being neighbours.
#[derive(Module, Debug)]
pub struct Variational {
    velocity: Body,
    posterior: Option<Body>,
    /// μ_p over [`PRIOR_RATE`], `[d]`.
    prior_mean: Param<Tensor<1>>,
    /// ln v_p over [`PRIOR_RATE`], before its floor, `[d]`.
    prior_logvar: Param<Tensor<1>>,
    /// Mean of all z together over [`PRIOR_RATE`], `[d]`.
    aggregate_mean: Option<Param<Tensor<1>>>,
    /// Logarithm of their variance over [`PRIOR_RATE`], `[d]`.
    aggregate_logvar: Option<Param<Tensor<1>>>,
    height: usize,
    width: usize,
    channels: usize,
}

impl Variational {
    /// Puts networks together; the prior is N(0, I) at first. A point of the plane is a picture
    /// of one point with two channels: shape `[1, 1, 2]`.
    pub fn new(velocity: Body, posterior: Option<Body>, shape: [usize; 3], dev: &Device) -> Self {
        let d: usize = shape.iter().product();
        let zeros = || Param::from_tensor(Tensor::zeros([d], dev));
        Self {
            velocity,
            posterior,
            prior_mean: zeros(),
            prior_logvar: zeros(),
            aggregate_mean: None,
            aggregate_logvar: None,
            height: shape[0],
            width: shape[1],
            channels: shape[2],
        }
    }

    /// With numbers for mean and variance of the aggregate posterior, N(0, I) at first.
    pub fn with_aggregate(mut self, dev: &Device) -> Self {
        let d: usize = self.shape().iter().product();
        let zeros = || Some(Param::from_tensor(Tensor::zeros([d], dev)));
        (self.aggregate_mean, self.aggregate_logvar) = (zeros(), zeros());
        self
    }

    /// Velocities `[batch, d]` at `[batch, d]` and times `[batch, 1]`; t = 1 is data.
    pub fn velocity(&self, x: Tensor<2>, t: Tensor<2>) -> Tensor<2> {
        self.velocity.forward(x, self.shape(), Some(t))
    }

    /// Mean and logarithm of the variance of q(z|x), both `[batch, d]`; none without a posterior.
    pub fn posterior(&self, x: Tensor<2>) -> Option<[Tensor<2>; 2]> {
        let body = self.posterior.as_ref()?;
        let [height, width, channels] = self.shape();
        let [batch, d] = x.dims();
        let both = body.forward(x, self.shape(), None);
        let both = both.reshape([batch, height * width, 2 * channels]);
        let part = |at| both.clone().narrow(2, at, channels).reshape([batch, d]);
        Some([part(0), part(channels)])
    }

    /// Mean and logarithm of the variance of the prior, both `[1, d]`; the latter never below
    /// `floor` (the seed's ReLU is a floor of 0).
    pub fn prior(&self, floor: Option<f32>) -> [Tensor<2>; 2] {
        prior([self.prior_mean.val(), self.prior_logvar.val()], floor)
    }

    /// The same prior, from which no gradient goes back. It has to be cut off before it is
    /// computed: what is computed from a parameter and takes part in no backward pass stays in
    /// burn's graph for ever, and each step looks through all of it.
    pub fn held_prior(&self, floor: Option<f32>) -> [Tensor<2>; 2] {
        let held = [&self.prior_mean, &self.prior_logvar].map(|param| param.val().detach());
        prior(held, floor)
    }

    /// Mean and logarithm of the variance of the aggregate posterior `q(z) = E_x q(z|x)`, both
    /// `[1, d]`: where z lies when x is any of the data. None in networks without these numbers.
    pub fn aggregate(&self) -> Option<[Tensor<2>; 2]> {
        let [mean, logvar] = [
            self.aggregate_mean.as_ref()?,
            self.aggregate_logvar.as_ref()?,
        ];
        let logvar = (logvar.val() * PRIOR_RATE).clamp_min(LEAST_LOGVAR);
        let mean = mean.val() * PRIOR_RATE;
        Some([mean.unsqueeze_dim(0), logvar.unsqueeze_dim(0)])
    }

    fn shape(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }
}

fn prior([mean, logvar]: [Tensor<1>; 2], floor: Option<f32>) -> [Tensor<2>; 2] {
    let logvar = (logvar * PRIOR_RATE).clamp_min(floor.unwrap_or(LEAST_LOGVAR));
    [
        (mean * PRIOR_RATE).unsqueeze_dim(0),
        logvar.unsqueeze_dim(0),
    ]
}
