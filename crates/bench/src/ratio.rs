//! Ratios within one run: what was measured, beside what is owed and what is wanted.

use std::fmt;

use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};

use crate::report::median;

/// On which side of a bound a ratio should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    AtLeast,
    AtMost,
}

/// What is promised of a ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) sense: Sense,
    pub(crate) owed: f64,
    pub(crate) wanted: f64,
}

/// A ratio that was measured, round by round.
#[derive(Debug, Clone)]
pub(crate) struct Ratio {
    pub(crate) what: String,
    /// Absent where it is only told.
    pub(crate) bounds: Option<Bounds>,
    pub(crate) rounds: Vec<f64>,
}

/// All of a run.
#[derive(Debug, Default)]
pub(crate) struct Ratios(pub(crate) Vec<Ratio>);

impl Ratio {
    fn verdict(&self) -> &'static str {
        let measured = median(self.rounds.clone());
        let meets = |sense, bound| match sense {
            Sense::AtLeast => measured >= bound,
            Sense::AtMost => measured <= bound,
        };
        match self.bounds {
            None => "",
            Some(Bounds { sense, wanted, .. }) if meets(sense, wanted) => "as wanted",
            Some(Bounds { sense, owed, .. }) if meets(sense, owed) => "as owed",
            Some(Bounds { .. }) => "missed",
        }
    }
}

impl Bounds {
    fn told(self) -> [String; 2] {
        let sign = match self.sense {
            Sense::AtLeast => '≥',
            Sense::AtMost => '≤',
        };
        [self.owed, self.wanted].map(|bound| format!("{sign} {bound:.2}"))
    }
}

impl fmt::Display for Ratios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(UTF8_BORDERS_ONLY).set_header(["ratio", "measured", "spread", "owed", "wanted", ""]);
        for ratio in &self.0 {
            let Ratio { what, bounds, rounds } = ratio;
            let [owed, wanted] = bounds.map_or_else(|| ["-"; 2].map(str::to_owned), Bounds::told);
            let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rounds.iter().copied().fold(0.0, f64::max);
            table.add_row([
                what.clone(),
                format!("{:.2}", median(rounds.clone())),
                format!("{least:.2}–{most:.2}"),
                owed,
                wanted,
                ratio.verdict().to_owned(),
            ]);
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(sense: Sense, rounds: &[f64]) -> Ratio {
        let (owed, wanted) = match sense {
            Sense::AtLeast => (0.5, 0.6),
            Sense::AtMost => (2.0, 1.4),
        };
        Ratio { what: "a ÷ b".to_owned(), bounds: Some(Bounds { sense, owed, wanted }), rounds: rounds.to_vec() }
    }

    #[test]
    fn the_median_of_the_rounds_is_judged_on_its_own_side() {
        let judged = |sense, rounds: &[f64]| ratio(sense, rounds).verdict();
        assert_eq!(judged(Sense::AtLeast, &[0.1, 0.6, 0.9]), "as wanted");
        assert_eq!(judged(Sense::AtLeast, &[0.55]), "as owed");
        assert_eq!(judged(Sense::AtLeast, &[0.4, 0.4, 0.9]), "missed");
        assert_eq!(judged(Sense::AtMost, &[1.4]), "as wanted");
        assert_eq!(judged(Sense::AtMost, &[1.9]), "as owed");
        assert_eq!(judged(Sense::AtMost, &[2.1]), "missed");
    }
}
