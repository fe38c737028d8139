//! The time of the flow: what the play bar, the keys and the slider move.

/// Seconds one sweep from t = 0 to t = 1 takes at speed 1×.
const SWEEP_SECONDS: f64 = 4.0;
/// How long the picture rests at t = 1 before a loop starts again.
const REST_SECONDS: f64 = 0.9;
/// One frame of stepping.
const FRAME: f64 = 0.01;
/// The longest time one repaint may add: a suspended laptop must not skip the flow.
const LONGEST_TICK: f64 = 0.25;

/// A clock that runs from t = 0 (noise) to t = 1 (data).
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    t: f64,
    playing: bool,
    /// Whether the sweep starts again after its end.
    pub looping: bool,
    speed: usize,
    rested: f64,
    /// Where the present sweep ends before the data.
    stop: Option<f64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            t: 1.0,
            playing: false,
            looping: false,
            speed: 3,
            rested: 0.0,
            stop: None,
        }
    }
}

impl Clock {
    /// The speeds, as factors of the normal one.
    pub const SPEEDS: [f64; 6] = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0];

    /// The time of the flow, 0 to 1.
    pub fn t(&self) -> f64 {
        self.t
    }

    /// Whether time runs.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// Moves to a time; one that is not a number is ignored.
    pub fn seek(&mut self, t: f64) {
        if t.is_finite() {
            self.t = t.clamp(0.0, 1.0);
            self.rested = 0.0;
        }
    }

    /// Starts, or pauses; a sweep that has ended starts again from the noise.
    pub fn toggle(&mut self) {
        self.playing = !self.playing;
        self.stop = None;
        if self.playing && self.t >= 1.0 {
            self.seek(0.0);
        }
    }

    /// Pauses.
    pub fn pause(&mut self) {
        self.playing = false;
        self.stop = None;
    }

    /// Runs from the noise to `t` and rests there.
    pub fn sweep_to(&mut self, t: f64) {
        self.seek(0.0);
        self.playing = true;
        self.stop = Some(t).filter(|t| *t < 1.0);
    }

    /// Pauses and moves by whole frames of 0.01.
    pub fn step(&mut self, frames: i32) {
        self.pause();
        let frame = (self.t / FRAME).round() + f64::from(frames);
        self.seek(frame * FRAME);
    }

    /// The speed as a factor.
    pub fn speed(&self) -> f64 {
        Self::SPEEDS[self.speed]
    }

    /// Chooses one of [`Self::SPEEDS`].
    pub fn set_speed(&mut self, speed: f64) {
        if let Some(index) = Self::SPEEDS.iter().position(|s| *s == speed) {
            self.speed = index;
        }
    }

    /// One speed up (`1`) or down (`-1`).
    pub fn change_speed(&mut self, by: isize) {
        self.speed = self
            .speed
            .saturating_add_signed(by)
            .min(Self::SPEEDS.len() - 1);
    }

    /// Lets `dt` seconds pass; true while another tick is needed.
    pub fn tick(&mut self, dt: f64) -> bool {
        if !self.playing {
            return false;
        }
        let dt = if dt.is_finite() {
            dt.clamp(0.0, LONGEST_TICK)
        } else {
            0.0
        };
        if self.t < 1.0 {
            self.seek(self.t + dt * self.speed() / SWEEP_SECONDS);
            if let Some(stop) = self.stop.filter(|stop| self.t >= *stop) {
                self.seek(stop);
                self.pause();
            }
        } else if self.looping {
            self.rested += dt;
            if self.rested >= REST_SECONDS {
                self.seek(0.0);
            }
        } else {
            self.pause();
        }
        self.playing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_its_time_and_rests_before_it_loops() {
        let mut clock = Clock {
            looping: true,
            ..Clock::default()
        };
        clock.toggle();
        assert_eq!(clock.t(), 0.0);
        for _ in 0..40 {
            assert!(clock.tick(0.05));
        }
        assert!((clock.t() - 0.5).abs() < 1e-9);
        for _ in 0..41 {
            clock.tick(0.05);
        }
        assert_eq!(clock.t(), 1.0);
        for _ in 0..19 {
            clock.tick(0.05);
        }
        assert!(clock.t() < 0.1 && clock.playing());
    }

    #[test]
    fn without_a_loop_it_stops_at_the_data() {
        let mut clock = Clock::default();
        clock.toggle();
        let ticks = (0..1000).take_while(|_| clock.tick(0.1)).count();
        assert!((40..45).contains(&ticks), "{ticks}");
        assert_eq!(clock.t(), 1.0);
        assert!(!clock.playing());
    }

    #[test]
    fn a_sweep_may_end_on_the_way() {
        let mut clock = Clock {
            looping: true,
            ..Clock::default()
        };
        clock.sweep_to(0.4);
        assert_eq!(clock.t(), 0.0);
        let ticks = (0..1000).take_while(|_| clock.tick(0.1)).count();
        assert!((14..17).contains(&ticks), "{ticks}");
        assert_eq!(clock.t(), 0.4);
        // Whoever plays on from there goes to the end.
        clock.toggle();
        (0..10).for_each(|_| _ = clock.tick(0.1));
        assert!(clock.t() > 0.5 && clock.playing());
        clock.sweep_to(1.0);
        (0..41).for_each(|_| _ = clock.tick(0.1));
        assert!(clock.t() == 1.0 && clock.playing());
    }

    #[test]
    fn frames_stay_on_the_grid_and_inside() {
        let mut clock = Clock::default();
        clock.seek(0.424);
        clock.step(1);
        assert!((clock.t() - 0.43).abs() < 1e-12);
        clock.step(-1000);
        assert_eq!(clock.t(), 0.0);
        clock.seek(f64::NAN);
        assert_eq!(clock.t(), 0.0);
    }

    #[test]
    fn a_jump_of_the_wall_clock_moves_at_most_a_tick() {
        let mut clock = Clock::default();
        clock.toggle();
        clock.tick(3600.0);
        assert!(clock.t() <= LONGEST_TICK / SWEEP_SECONDS + 1e-12);
        clock.tick(f64::NAN);
        clock.tick(-5.0);
        assert!(clock.t() <= LONGEST_TICK / SWEEP_SECONDS + 1e-12);
    }

    #[test]
    fn speeds_end_at_both_ends() {
        let mut clock = Clock::default();
        assert_eq!(clock.speed(), 1.0);
        (0..9).for_each(|_| clock.change_speed(1));
        assert_eq!(clock.speed(), 4.0);
        (0..9).for_each(|_| clock.change_speed(-1));
        assert_eq!(clock.speed(), 0.125);
    }
}
