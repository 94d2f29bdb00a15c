//! Debian's `ClamAV`: a scanner for malware that knows one pattern of ours.

use std::path::PathBuf;

use anyhow::Result;

use super::{Namespace, Network};

/// A running clamd, with a socket that everybody may use. It takes files up to a megabyte.
#[derive(Debug)]
pub struct ClamAv {
    /// What it takes for malware, called `Kuckucksei.UNOFFICIAL` by it.
    pub malware: &'static [u8],
    namespace: Namespace,
}

impl ClamAv {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let malware = b"Ein Ei, das niemand in diesem Nest gelegt hat.";
        let namespace = Namespace::start("clamav", Network::Private)?;
        let pattern = data_encoding::HEXLOWER.encode(malware);
        namespace.run(&format!("pattern={pattern}\n{SET_UP}"))?;
        Ok(Self { malware, namespace })
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.namespace.share().join("clamd.sock")
    }

    /// Ends it for good.
    pub fn kill(&self) -> Result<()> {
        self.namespace.run("pkill -9 clamd").map(drop)
    }
}

/// `$pattern` is set, in hexadecimal digits. The socket is there before the signatures are read, so what it answers is waited for.
const SET_UP: &str = r#"
mkdir -p /share/signatures
echo "Kuckucksei:0:*:$pattern" >/share/signatures/ours.ndb
cat >/share/clamd.conf <<END
Foreground yes
LocalSocket /share/clamd.sock
LocalSocketMode 666
DatabaseDirectory /share/signatures
StreamMaxLength 1M
TemporaryDirectory /tmp
LogFile /share/clamd.log
User root
END
clamd -c /share/clamd.conf >/share/clamd.out 2>&1 &
tries=0
until printf 'zPING\0' | socat - UNIX-CONNECT:/share/clamd.sock 2>/dev/null | grep -q PONG; do
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || { cat /share/clamd.out; exit 1; }
  sleep 0.05
done
"#;
