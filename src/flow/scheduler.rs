//! Schedulers: α_t, σ_t and both derivatives, always together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::real::Real;

/// How noise and data are mixed: x_t = α_t x1 + σ_t x0, from noise at t = 0 to data at t = 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scheduler {
    /// α = t, σ = 1 − t: the conditional optimal-transport, or linear, path.
    CondOt,
    /// α = t, σ = 1 − (1 − σ_min) t (Lipman et al. 2023, eq. 20).
    SigmaMin(f64),
    /// α = tⁿ, σ = 1 − tⁿ with n ≥ 1.
    Poly(f64),
    /// α = t, σ = √(1 − t²).
    LinearVp,
    /// α = sin(πt/2), σ = cos(πt/2).
    Cosine,
    /// α = exp(−T(1−t)/2), σ = √(1 − α²), T(s) = s β_min + s² (β_max − β_min)/2
    /// (Song et al. 2021; Lipman et al. 2023, eq. 18–19).
    Vp {
        /// Noise rate at the data end.
        beta_min: f64,
        /// Noise rate at the noise end.
        beta_max: f64,
    },
}

/// α_t, σ_t and their time derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients<T> {
    /// α_t, the weight of the data.
    pub alpha: T,
    /// σ_t, the weight of the noise.
    pub sigma: T,
    /// dα_t/dt.
    pub d_alpha: T,
    /// dσ_t/dt.
    pub d_sigma: T,
}

/// A scheduler name or parameter that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SchedulerError {
    /// The name is none of the known ones.
    #[error(
        "unknown path `{0}`: use condot, sigma-min:S, poly:N, linear-vp, cosine, vp or vp:BMIN,BMAX"
    )]
    Unknown(String),
    /// A parameter is missing, not a number, or out of range.
    #[error("path `{name}`: {reason}")]
    Parameter {
        /// The text as given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Scheduler {
    /// VP diffusion with the usual rates, 0.1 → 20.
    pub const VP: Scheduler = Scheduler::Vp {
        beta_min: 0.1,
        beta_max: 20.0,
    };

    /// One of each kind, with its usual parameter.
    pub const ALL: [Scheduler; 6] = [
        Scheduler::CondOt,
        Scheduler::SigmaMin(0.001),
        Scheduler::Poly(2.0),
        Scheduler::LinearVp,
        Scheduler::Cosine,
        Scheduler::VP,
    ];

    /// Coefficients at time t in [0, 1]; computed in f64 and rounded once.
    ///
    /// Two derivatives are infinite at t = 1, see [`Scheduler::t_max`].
    pub fn at<T: Real>(self, t: T) -> Coefficients<T> {
        let c = self.at_f64(t.to_f64());
        Coefficients {
            alpha: T::from_f64(c.alpha),
            sigma: T::from_f64(c.sigma),
            d_alpha: T::from_f64(c.d_alpha),
            d_sigma: T::from_f64(c.d_sigma),
        }
    }

    fn at_f64(self, t: f64) -> Coefficients<f64> {
        match self {
            Scheduler::CondOt => Coefficients {
                alpha: t,
                sigma: 1.0 - t,
                d_alpha: 1.0,
                d_sigma: -1.0,
            },
            Scheduler::SigmaMin(min) => Coefficients {
                alpha: t,
                // Not 1 − (1 − σ_min) t: this form keeps its digits when t is close to 1.
                sigma: (1.0 - t) + min * t,
                d_alpha: 1.0,
                d_sigma: min - 1.0,
            },
            Scheduler::Poly(n) => {
                let d = n * t.powf(n - 1.0);
                Coefficients {
                    alpha: t.powf(n),
                    // 1 − tⁿ without cancellation at t → 1; ln 0 = −∞ gives exactly 1.
                    sigma: -(n * t.ln()).exp_m1(),
                    d_alpha: d,
                    d_sigma: -d,
                }
            }
            Scheduler::LinearVp => {
                let sigma = ((1.0 - t) * (1.0 + t)).sqrt();
                Coefficients {
                    alpha: t,
                    sigma,
                    d_alpha: 1.0,
                    d_sigma: -t / sigma,
                }
            }
            Scheduler::Cosine => {
                let half_pi = std::f64::consts::FRAC_PI_2;
                let (sin, cos) = (half_pi * t).sin_cos();
                // cos(πt/2) = sin(π(1−t)/2), which is exactly 0 at t = 1.
                let sigma = if t > 0.5 {
                    (half_pi * (1.0 - t)).sin()
                } else {
                    cos
                };
                Coefficients {
                    alpha: sin,
                    sigma,
                    d_alpha: half_pi * sigma,
                    d_sigma: -half_pi * sin,
                }
            }
            Scheduler::Vp { beta_min, beta_max } => {
                let rate = beta_min + (1.0 - t) * (beta_max - beta_min);
                let total = self.vp_total(t);
                let alpha = (-0.5 * total).exp();
                let sigma = (-(-total).exp_m1()).sqrt();
                Coefficients {
                    alpha,
                    sigma,
                    d_alpha: 0.5 * rate * alpha,
                    d_sigma: -0.5 * rate * alpha * alpha / sigma,
                }
            }
        }
    }

    /// 1 − α_t with full relative precision where α_t rounds to 1.
    pub fn alpha_gap(self, t: f64) -> f64 {
        match self {
            Scheduler::CondOt | Scheduler::SigmaMin(_) | Scheduler::LinearVp => 1.0 - t,
            Scheduler::Poly(n) => -(n * t.ln()).exp_m1(),
            Scheduler::Cosine => {
                let sin = (std::f64::consts::FRAC_PI_4 * (1.0 - t)).sin();
                2.0 * sin * sin
            }
            Scheduler::Vp { .. } => -(-0.5 * self.vp_total(t)).exp_m1(),
        }
    }

    /// T(1 − t) of the VP path.
    fn vp_total(self, t: f64) -> f64 {
        let s = 1.0 - t;
        match self {
            Scheduler::Vp { beta_min, beta_max } => {
                s * (beta_min + 0.5 * s * (beta_max - beta_min))
            }
            _ => 0.0,
        }
    }

    /// Largest time at which every coefficient is finite: 1, or 1 − 1e-5 where dσ/dt diverges.
    pub fn t_max(self) -> f64 {
        match self {
            Scheduler::LinearVp | Scheduler::Vp { .. } => 1.0 - 1e-5,
            _ => 1.0,
        }
    }

    /// Name for people.
    pub fn label(self) -> String {
        match self {
            Scheduler::CondOt => "Linear (conditional OT)".to_owned(),
            Scheduler::SigmaMin(min) => format!("Linear, σ_min = {min}"),
            Scheduler::Poly(n) => format!("Polynomial, n = {n}"),
            Scheduler::LinearVp => "Linear, variance preserving".to_owned(),
            Scheduler::Cosine => "Cosine".to_owned(),
            Scheduler::VP => "VP diffusion".to_owned(),
            Scheduler::Vp { beta_min, beta_max } => {
                format!("VP diffusion, β = {beta_min} → {beta_max}")
            }
        }
    }

    /// Checks the parameters; parsing does this too.
    pub fn validate(self) -> Result<Scheduler, SchedulerError> {
        let bad = |reason| {
            Err(SchedulerError::Parameter {
                name: self.to_string(),
                reason,
            })
        };
        match self {
            Scheduler::SigmaMin(min) if !(0.0..1.0).contains(&min) => {
                bad("the smallest sigma must lie in [0, 1)")
            }
            Scheduler::Poly(n) if !(1.0..=100.0).contains(&n) => {
                bad("the exponent must lie in [1, 100]")
            }
            Scheduler::Vp { beta_min, beta_max }
                if !(beta_min > 0.0 && beta_max >= beta_min && beta_max <= 1000.0) =>
            {
                bad("the rates must satisfy 0 < beta_min <= beta_max <= 1000")
            }
            _ => Ok(self),
        }
    }
}

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scheduler::CondOt => f.write_str("condot"),
            Scheduler::SigmaMin(min) => write!(f, "sigma-min:{min}"),
            Scheduler::Poly(n) => write!(f, "poly:{n}"),
            Scheduler::LinearVp => f.write_str("linear-vp"),
            Scheduler::Cosine => f.write_str("cosine"),
            &Scheduler::VP => f.write_str("vp"),
            Scheduler::Vp { beta_min, beta_max } => write!(f, "vp:{beta_min},{beta_max}"),
        }
    }
}

impl FromStr for Scheduler {
    type Err = SchedulerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, parameter) = match text.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (text, None),
        };
        let error = |reason| SchedulerError::Parameter {
            name: text.to_owned(),
            reason,
        };
        let number = |p: &str| {
            p.trim()
                .parse::<f64>()
                .map_err(|_| error("the parameter is not a number"))
        };
        let scheduler = match (name, parameter) {
            ("condot", None) => Scheduler::CondOt,
            ("linear-vp", None) => Scheduler::LinearVp,
            ("cosine", None) => Scheduler::Cosine,
            ("vp", None) => Scheduler::VP,
            ("sigma-min", Some(p)) => Scheduler::SigmaMin(number(p)?),
            ("poly", Some(p)) => Scheduler::Poly(number(p)?),
            ("vp", Some(p)) => {
                let (min, max) = p
                    .split_once(',')
                    .ok_or_else(|| error("two rates are needed, as in vp:0.1,20"))?;
                Scheduler::Vp {
                    beta_min: number(min)?,
                    beta_max: number(max)?,
                }
            }
            ("sigma-min" | "poly", None) => {
                return Err(error(
                    "a parameter is needed, as in sigma-min:0.001 or poly:2",
                ));
            }
            ("condot" | "linear-vp" | "cosine", Some(_)) => {
                return Err(error("this path takes no parameter"));
            }
            _ => return Err(SchedulerError::Unknown(text.to_owned())),
        };
        scheduler.validate()
    }
}

impl TryFrom<String> for Scheduler {
    type Error = SchedulerError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Scheduler> for String {
    fn from(scheduler: Scheduler) -> Self {
        scheduler.to_string()
    }
}
