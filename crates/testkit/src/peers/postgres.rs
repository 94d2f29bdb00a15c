//! A private PostgreSQL cluster in memory, with the durability settings of a real one.

use anyhow::Result;

use super::{Namespace, Network, free_port};

/// A running cluster with one empty database.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    namespace: Namespace,
}

impl Postgres {
    /// Initialises and starts a cluster on a free loopback port.
    pub fn start() -> Result<Self> {
        let namespace = Namespace::start("postgres", Network::Machine)?;
        let port = free_port()?;
        namespace.run(&format!("port={port}\n{SET_UP}"))?;
        Ok(Self { port, namespace })
    }

    /// The address of the database `fernamt`, with the name and password of its owner.
    pub fn url(&self) -> String {
        self.url_of("fernamt")
    }

    /// Creates another empty database and returns its address; tests that run side by side take one each.
    pub fn create_database(&self, name: &str) -> Result<String> {
        self.run(&format!("su postgres -c \"createdb -h /tmp -p {} -O fernamt {name}\"", self.port))?;
        Ok(self.url_of(name))
    }

    /// Kills the whole cluster without warning and starts it again from what is on its disk.
    pub fn crash_and_restart(&self) -> Result<()> {
        self.run(&format!(
            "kill -9 $(head -n1 /srv/pg/postmaster.pid)\n\
             until ! pgrep -u postgres >/dev/null; do sleep 0.05; done\n\
             rm -f /srv/pg/postmaster.pid\nport={}\n{START}",
            self.port
        ))
        .map(drop)
    }

    /// Runs SQL as the superuser and returns the rows, unaligned.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let sql = super::quoted(sql);
        self.run(&format!("printf %s {sql} | su postgres -c \"psql -h /tmp -p {} -qAt -d {database}\"", self.port))
    }

    fn run(&self, script: &str) -> Result<String> {
        self.namespace.run(script)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://fernamt:fernamt@127.0.0.1:{}/{database}", self.port)
    }
}

/// `$port` is set.
const SET_UP: &str = r#"
mkdir /srv/pg
chown postgres: /srv/pg
bin=$(echo /usr/lib/postgresql/*/bin)
su postgres -c "$bin/initdb -D /srv/pg -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256" >/share/initdb.log 2>&1
su postgres -c "$bin/pg_ctl -D /srv/pg -w -l /share/postgres.log -o '-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c max_connections=200' start" >/share/start.log 2>&1
su postgres -c "psql -h /tmp -p $port -qc \"create role fernamt login password 'fernamt'\" -d postgres"
su postgres -c "createdb -h /tmp -p $port -O fernamt fernamt"
"#;

/// `$port` is set.
const START: &str = r#"
bin=$(echo /usr/lib/postgresql/*/bin)
su postgres -c "$bin/pg_ctl -D /srv/pg -w -l /share/postgres.log -o '-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c max_connections=200' start" >/share/start.log 2>&1
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_rows_survive_a_crash() {
        let postgres = crate::peer!(Postgres::start());
        assert!(postgres.url().starts_with("postgres://fernamt:"));
        postgres.psql("fernamt", "create table t(x int); insert into t values (42)").expect("written");
        postgres.crash_and_restart().expect("back again");
        assert_eq!(postgres.psql("fernamt", "select x from t; show synchronous_commit").expect("read"), "42\non");
    }
}
