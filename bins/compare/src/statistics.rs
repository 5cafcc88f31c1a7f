//! Medians, percentiles and ratios.

use std::time::Duration;

/// The middle, or what lies between the two in the middle; `None` of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len().checked_div(2)?;
    let upper = *sorted.get(middle)?;
    if sorted.len().is_multiple_of(2) {
        let lower = *sorted.get(middle.checked_sub(1)?)?;
        return Some(f64::midpoint(lower, upper));
    }
    Some(upper)
}

/// The median of what `ours` is in relation to `theirs`, round by round; rounds that either lacks do not count.
pub(crate) fn median_ratio(ours: &[Option<f64>], theirs: &[Option<f64>]) -> Option<f64> {
    let pairs = ours.iter().zip(theirs);
    let ratios: Vec<f64> = pairs
        .filter_map(|(ours, theirs)| Some((*ours)? / (*theirs)?))
        .filter(|ratio| ratio.is_finite())
        .collect();
    median(&ratios)
}

/// The value that `percent` of the sorted ones do not exceed; zero of none.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    let value = sorted.get(rank.saturating_sub(1));
    value.copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let ours = [Some(2.0), Some(9.0), Some(4.0)];
        let theirs = [Some(1.0), Some(3.0), Some(1.0)];
        assert_eq!(median_ratio(&ours, &theirs), Some(3.0));
    }

    #[test]
    fn a_round_that_somebody_lacks_is_left_out() {
        let ours = [Some(2.0), None, Some(4.0)];
        let theirs = [Some(1.0), Some(3.0), Some(0.0)];
        assert_eq!(median_ratio(&ours, &theirs), Some(2.0));
        assert_eq!(median_ratio(&[None], &[Some(1.0)]), None);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 50), Duration::from_millis(100));
        assert_eq!(percentile(&values, 99), Duration::from_millis(198));
        assert_eq!(percentile(&values[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
