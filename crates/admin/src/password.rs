//! Passwords that an administrator hands out.

use fernamt_domain::{Rng, Secret};
use fernamt_identity::password::check_new;

use crate::check::Checks;

/// Groups of characters in a made-up password.
const GROUPS: usize = 4;

/// Characters in each group: 4 groups of 5 out of 31 are 99 bits.
const GROUP_CHARS: usize = 5;

/// Letters and digits that nobody confuses on paper or on the telephone.
const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A password that is read out or printed once: `k7wqm-3hdpx-…`. As one that is typed, it holds no name of its person.
pub(crate) fn make_up(rng: &dyn Rng, login: &str, display_name: &str) -> Secret<String> {
    loop {
        let password = draw(rng);
        if check_new(&password, login, display_name).is_ok() {
            return password;
        }
    }
}

fn draw(rng: &dyn Rng) -> Secret<String> {
    let mut text = String::with_capacity(GROUPS * (GROUP_CHARS + 1));
    let mut chosen = 0;
    while chosen < GROUPS * GROUP_CHARS {
        let mut byte = [0];
        rng.fill(&mut byte);
        // Bytes of an incomplete last round would make the first letters likelier.
        let Some(letter) = ALPHABET.get(usize::from(byte[0]) % ALPHABET.len()).filter(|_| byte[0] < 248) else {
            continue;
        };
        if chosen > 0 && chosen % GROUP_CHARS == 0 {
            text.push('-');
        }
        text.push(char::from(*letter));
        chosen += 1;
    }
    Secret::new(text)
}

/// Checks a password that an administrator typed.
pub(crate) fn check(checks: &mut Checks, password: &Secret<String>, login: &str, display_name: &str) {
    if let Err(fault) = check_new(password, login, display_name) {
        checks.that(false, "password", fault.code(), &fault.to_string());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use fernamt_domain::SystemRng;

    use super::*;

    #[test]
    fn a_made_up_password_passes_its_own_rules() {
        let mut checks = Checks::default();
        for _ in 0..100 {
            let password = make_up(&SystemRng, "anna", "Anna Beispiel");
            assert_eq!(password.expose().len(), GROUPS * GROUP_CHARS + GROUPS - 1);
            check(&mut checks, &password, "anna", "Anna Beispiel");
        }
        assert!(checks.found.is_empty());
    }

    /// Draws the places of these letters in the alphabet, and then those of others in turn.
    #[derive(Debug)]
    struct Loaded(Mutex<Vec<u8>>);

    impl Rng for Loaded {
        fn fill(&self, bytes: &mut [u8]) {
            let mut letters = self.0.lock().unwrap();
            for byte in bytes {
                let letter = letters.remove(0);
                letters.push(letter);
                *byte = u8::try_from(ALPHABET.iter().position(|known| *known == letter).unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn one_with_a_name_in_it_is_not_handed_out() {
        let letters = b"annaxk7wqm3hdpxt9rsecvbn2yfgh4zjk5mtw8ud6";
        let password = make_up(&Loaded(Mutex::new(letters.to_vec())), "anna", "Anna Beispiel");
        assert_eq!(password.expose(), "cvbn2-yfgh4-zjk5m-tw8ud");
    }
}
