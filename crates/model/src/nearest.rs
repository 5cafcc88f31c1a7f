//! The word that was probably meant.

/// The word nearest to `found`, when it is near: at most a third of the letters differ.
pub(crate) fn nearest<'a>(
    found: &str,
    accepted: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = found.chars().count();
    if length > LENGTH {
        return None;
    }
    accepted
        .into_iter()
        .map(|word| (distance(found, word), word))
        .filter(|(distance, word)| distance.saturating_mul(3) <= length.max(word.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Words longer than this have no neighbours: the distance costs the product of both lengths.
const LENGTH: usize = 80;

/// The letters to insert, delete, replace or swap with their neighbour, upper and lower case being
/// one (optimal string alignment distance).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row.saturating_add(1)];
        for (column, other) in right.iter().enumerate() {
            let cost = |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(MANY);
            let replaced = cost(&above, column).saturating_add(usize::from(letter != other));
            let deleted = cost(&above, column.saturating_add(1)).saturating_add(1);
            let inserted = cost(&current, column).saturating_add(1);
            let previous = column.checked_sub(1);
            let swapped = match previous {
                Some(previous) if last == Some(other) && right.get(previous) == Some(letter) => {
                    cost(&before, previous).saturating_add(1)
                }
                _ => MANY,
            };
            current.push(replaced.min(deleted).min(inserted).min(swapped));
        }
        last = Some(letter);
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(MANY)
}

/// More than any distance between words of at most [`LENGTH`] letters.
const MANY: usize = usize::MAX / 2;

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        let words = ["hosts", "bind", "tls_profile", "client_auth"];
        assert_eq!(nearest("host", words), Some("hosts"));
        assert_eq!(nearest("Hosts", words), Some("hosts"));
        assert_eq!(nearest("bnid", words), Some("bind"));
        assert_eq!(nearest("tls-profile", words), Some("tls_profile"));
        assert_eq!(nearest("clientauth", words), Some("client_auth"));
    }

    #[test]
    fn a_foreign_word_finds_none() {
        assert_eq!(nearest("colour", ["hosts", "bind"]), None);
        assert_eq!(nearest("", ["hosts", "bind"]), None);
        assert_eq!(nearest(&"a".repeat(100_000), ["hosts"]), None);
    }
}
