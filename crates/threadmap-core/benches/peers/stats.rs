//! Medians, quartiles, geometric means.

/// Three points of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// NaN where there is nothing.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = part * (sorted.len().saturating_sub(1)) as f64;
            let (below, above) = (
                sorted.get(place.floor() as usize),
                sorted.get(place.ceil() as usize),
            );
            match (below, above) {
                (Some(below), Some(above)) => below + (above - below) * place.fract(),
                _ => f64::NAN,
            }
        };
        Self {
            low: at(0.25),
            median: at(0.5),
            high: at(0.75),
        }
    }

    /// Half the distance between the quartiles, in percent of the median.
    pub(crate) fn plus_minus(&self) -> f64 {
        50.0 * (self.high - self.low) / self.median
    }
}

/// NaN where there is nothing.
pub(crate) fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| {
        (count + 1, sum + value.ln())
    });
    (sum / f64::from(count)).exp()
}
