//! How a ticket is encrypted: by the HKDF and the AEAD of the caller's provider, as rustls has them for TLS 1.3 and QUIC.

use std::fmt;
use std::time::Duration;

use rustls::crypto::cipher::{AeadKey, Iv, NONCE_LEN};
use rustls::crypto::tls13::{Hkdf, HkdfExpander};
use rustls::crypto::{CryptoProvider, SecureRandom};
use rustls::{CipherSuite, Error, SupportedCipherSuite, quic};
use rustls_pki_types::UnixTime;

/// What the provider has for tickets.
#[derive(Clone, Copy)]
pub(crate) struct Cipher {
    hkdf: &'static dyn Hkdf,
    aead: &'static dyn quic::Algorithm,
    random: &'static dyn SecureRandom,
}

/// What tickets of one profile are encrypted with, or rather what the key of each is derived from: a ticket has a random
/// number of 256 bits, and from it a key and a nonce of its own, so that nothing has to be counted.
///
/// A ticket is the key's name, the second in which it was made, the random number, what is encrypted, and the tag, which
/// covers all of it.
pub(super) struct Key {
    name: [u8; NAME],
    tickets: Box<dyn HkdfExpander>,
    cipher: Cipher,
}

/// What keys are derived for. Another form of tickets has another number.
const LABEL: &[u8] = b"portcullis session tickets 1";

const NAME: usize = 16;
const TIME: usize = 8;
const SALT: usize = 32;
const HEADER: usize = NAME + TIME + SALT;
const TAG: usize = 16;
/// Octets of a key. rustls makes one of an array of this length alone.
const KEY: usize = 32;

/// How much longer a ticket is than what it holds.
pub(super) const OVERHEAD: usize = HEADER + TAG;

impl Cipher {
    /// AES-256-GCM, or else ChaCha20-Poly1305, and the HKDF of SHA-256, which processors are quickest at, or else that
    /// of SHA-384. Nothing where the provider has none in the form that is needed, which is that of QUIC.
    pub(crate) fn of(provider: &CryptoProvider) -> Option<Self> {
        let suite = |wanted: CipherSuite| {
            let mut suites = provider.cipher_suites.iter();
            suites.find_map(move |suite| match suite {
                SupportedCipherSuite::Tls13(suite) if suite.common.suite == wanted => Some(*suite),
                _ => None,
            })
        };
        let aead = |wanted| {
            let aead = suite(wanted)?.quic;
            aead.filter(|aead| aead.aead_key_len() == KEY)
        };
        let hkdf = |wanted| Some(suite(wanted)?.hkdf_provider);
        Some(Self {
            aead: aead(CipherSuite::TLS13_AES_256_GCM_SHA384)
                .or_else(|| aead(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256))?,
            hkdf: hkdf(CipherSuite::TLS13_AES_128_GCM_SHA256)
                .or_else(|| hkdf(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256))
                .or_else(|| hkdf(CipherSuite::TLS13_AES_256_GCM_SHA384))?,
            random: provider.secure_random,
        })
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut octets = [0; N];
        self.random.fill(&mut octets)?;
        Ok(octets)
    }
}

impl Key {
    /// The key that everybody gets of the same secret in the same context, and of no other.
    pub(super) fn derive(cipher: Cipher, secret: &[u8], context: &[u8]) -> Self {
        let of_secret = cipher.hkdf.extract_from_secret(Some(LABEL), secret);
        let own = of_secret.expand_block(&[context]);
        let own = cipher.hkdf.expander_for_okm(&own);
        let mut name = [0; NAME];
        let named = own.expand_slice(&[b"name"], &mut name);
        // Invariant: a name is shorter than a digest, of which HKDF yields 255.
        debug_assert!(named.is_ok());
        let tickets = own.expand_block(&[b"tickets"]);
        Self {
            name,
            tickets: cipher.hkdf.expander_for_okm(&tickets),
            cipher,
        }
    }

    /// A key that nobody else has.
    pub(super) fn random(cipher: Cipher) -> Result<Self, Error> {
        let secret = cipher.random::<{ 2 * KEY }>()?;
        Ok(Self::derive(cipher, &secret, b""))
    }

    pub(super) fn seal(&self, plain: &[u8], now: UnixTime) -> Option<Vec<u8>> {
        let salt = self.cipher.random::<SALT>().ok()?;
        let mut ticket = Vec::with_capacity(plain.len().saturating_add(OVERHEAD));
        ticket.extend_from_slice(&self.name);
        ticket.extend_from_slice(&now.as_secs().to_be_bytes());
        ticket.extend_from_slice(&salt);
        ticket.extend_from_slice(plain);
        let (header, payload) = ticket.split_at_mut_checked(HEADER)?;
        let tag = self.of_one(&salt)?.encrypt_in_place(0, header, payload);
        ticket.extend_from_slice(tag.ok()?.as_ref());
        Some(ticket)
    }

    /// What a ticket holds, and when it was made.
    pub(super) fn open(&self, ticket: &[u8]) -> Option<(Vec<u8>, UnixTime)> {
        let (header, payload) = ticket.split_at_checked(HEADER)?;
        let (name, rest) = header.split_first_chunk::<NAME>()?;
        let (made, salt) = rest.split_first_chunk::<TIME>()?;
        // Names are no secret: every ticket shows one.
        if *name != self.name || payload.len() < TAG {
            return None;
        }
        let mut payload = payload.to_vec();
        let length = {
            let key = self.of_one(salt.try_into().ok()?)?;
            let plain = key.decrypt_in_place(0, header, &mut payload).ok()?;
            plain.len()
        };
        payload.truncate(length);
        let made = Duration::from_secs(u64::from_be_bytes(*made));
        Some((payload, UnixTime::since_unix_epoch(made)))
    }

    /// The key and the nonce of one ticket.
    fn of_one(&self, salt: &[u8; SALT]) -> Option<Box<dyn quic::PacketKey>> {
        let mut both = [0; KEY + NONCE_LEN];
        self.tickets.expand_slice(&[salt], &mut both).ok()?;
        let (key, nonce) = both.split_first_chunk::<KEY>()?;
        let nonce = nonce.first_chunk::<NONCE_LEN>()?;
        let (key, nonce) = (AeadKey::from(*key), Iv::from(*nonce));
        Some(self.cipher.aead.packet_key(key, nonce))
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher").finish_non_exhaustive()
    }
}
