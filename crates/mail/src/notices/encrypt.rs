//! Encryption for one browser (RFC 8291): the push service carries what it cannot read.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};

/// Bytes of a point of P-256, not compressed.
pub(super) const POINT_BYTES: usize = 65;
/// Bytes of the secret that browser and server share.
pub(super) const SECRET_BYTES: usize = 16;
/// Bytes of a salt.
pub(super) const SALT_BYTES: usize = 16;
/// The size of a record. All that is ever told fits into one.
const RECORD_BYTES: u32 = 4_096;
/// What ends the last record (RFC 8188, section 2).
const LAST_RECORD: u8 = 2;

/// The browser that alone can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receiver {
    pub(super) point: [u8; POINT_BYTES],
    pub(super) secret: [u8; SECRET_BYTES],
}

/// A length that a key is expanded to.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// Encrypts a short text with a key and a salt that are used this once.
pub(super) fn encrypt(
    plain: &[u8],
    receiver: &Receiver,
    own: &PrivateKey,
    salt: &[u8; SALT_BYTES],
) -> Result<Vec<u8>, Unspecified> {
    let own_point = own.compute_public_key()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, receiver.point);
    let input: [u8; 32] = agree(own, theirs, Unspecified, |shared| {
        let prk = Salt::new(HKDF_SHA256, &receiver.secret).extract(shared);
        expand(&prk, &[b"WebPush: info\0", &receiver.point, own_point.as_ref()])
    })?;
    let prk = Salt::new(HKDF_SHA256, salt).extract(&input);
    let key: [u8; 16] = expand(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; NONCE_LEN] = expand(&prk, &[b"Content-Encoding: nonce\0"])?;
    let mut record = [plain, &[LAST_RECORD]].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    let point_bytes = u8::try_from(own_point.as_ref().len()).map_err(|_| Unspecified)?;
    Ok([salt.as_slice(), &RECORD_BYTES.to_be_bytes(), &[point_bytes], own_point.as_ref(), &record].concat())
}

fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    prk.expand(info, Bytes(N))?.fill(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let receiver = Receiver {
            point: bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            secret: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let own: [u8; 32] = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let own = PrivateKey::from_private_key(&ECDH_P256, &own).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let sent = encrypt(b"When I grow up, I want to be a watermelon", &receiver, &own, &salt).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64URL_NOPAD.encode(&sent), expected);
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_refused() {
        let own = PrivateKey::generate(&ECDH_P256).unwrap();
        let mut point = [7; POINT_BYTES];
        point[0] = 4;
        assert!(encrypt(b"x", &Receiver { point, secret: [1; 16] }, &own, &[2; 16]).is_err());
    }
}
