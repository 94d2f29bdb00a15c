//! DTLS as str0m's aws-lc-rs back end does it, but with one configuration for all connections.
//!
//! Making a configuration tries out every algorithm on offer, which takes three milliseconds. str0m's own back end makes
//! one for each connection, on the thread that forwards.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use dimpl::{Config, Dtls};
use str0m::crypto::{
    CryptoError, CryptoProvider,
    dtls::{DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion},
    from_feature_flags,
};

/// The algorithms of all connections.
pub(crate) fn provider() -> CryptoProvider {
    static SHARED: Shared = Shared { config: OnceLock::new() };
    CryptoProvider { dtls_provider: &SHARED, ..from_feature_flags() }
}

#[derive(Debug)]
struct Shared {
    /// With the size of datagram it was made for.
    config: OnceLock<(Option<usize>, Arc<Config>)>,
}

impl Shared {
    fn config(&self, mtu: Option<usize>) -> Result<Arc<Config>, CryptoError> {
        if let Some((_, config)) = self.config.get().filter(|(made_for, _)| *made_for == mtu) {
            return Ok(Arc::clone(config));
        }
        // ICE has proven the address before DTLS begins, so no cookie has to.
        let mut builder = Config::builder().use_server_cookie(false);
        if let Some(mtu) = mtu {
            builder = builder.mtu(mtu);
        }
        let config = builder.build().map(Arc::new).map_err(|error| CryptoError::Other(error.to_string()))?;
        // Whoever was first with another size stays; ours is used all the same.
        let _ = self.config.set((mtu, Arc::clone(&config)));
        Ok(config)
    }
}

impl DtlsProvider for Shared {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let (config, cert) = (self.config(mtu)?, cert.clone());
        let dtls = match version {
            DtlsVersion::Dtls12 => Dtls::new_12(config, cert, now),
            DtlsVersion::Dtls13 => Dtls::new_13(config, cert, now),
            DtlsVersion::Auto => Dtls::new_auto(config, cert, now),
            other => return Err(CryptoError::Other(format!("unsupported version {other}"))),
        };
        Ok(Box::new(Connection(dtls)))
    }
}

struct Connection(Dtls);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl DtlsInstance for Connection {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_share_one_configuration() {
        let shared = Shared { config: OnceLock::new() };
        let one = shared.config(Some(1_200)).unwrap();
        assert!(Arc::ptr_eq(&one, &shared.config(Some(1_200)).unwrap()));
        let other = shared.config(Some(900)).unwrap();
        assert_eq!((one.mtu(), other.mtu()), (1_200, 900));
    }
}
