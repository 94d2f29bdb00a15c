//! Programs are played by fakes in a folder of their own that write down how they were started.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use fernamt_api::stick::StickTarget;
use fernamt_domain::TargetKind;

use super::*;
use crate::seam::Family;

/// A target to open; a desktop unless a test changes it.
pub(super) fn target() -> StickTarget {
    StickTarget {
        id: "0191c2a0-0000-7000-8000-0000000000aa".parse().unwrap(),
        name: "Meldewesen".to_owned(),
        kind: TargetKind::Rdp,
        folder: String::new(),
        description: String::new(),
        port: 3389,
        url: None,
        clipboard: false,
        drives: false,
        printers: false,
        domain: Some("RATHAUS".to_owned()),
        load_balance_info: None,
        start_command: None,
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A computer with some fake programs, and a stick.
    struct Bench {
        stick: tempfile::TempDir,
        computer: tempfile::TempDir,
    }

    /// What a fake does after it wrote down how it was started.
    enum Then {
        Ends,
        Stays,
    }

    impl Bench {
        fn new() -> Self {
            Self { stick: tempfile::tempdir().unwrap(), computer: tempfile::tempdir().unwrap() }
        }

        /// A fake writes its arguments, what it was typed, its settings folder and its process number.
        fn fake(&self, name: &str, then: &Then) -> &Self {
            let log = self.log(name);
            let log = log.display();
            let rest = match then {
                Then::Ends => "",
                Then::Stays => "sleep 600 & echo $! >>\"$log.pids\"; wait",
            };
            let script = format!(
                "#!/bin/sh\nlog={log}\nfor a in \"$@\"; do echo \"$a\" >>\"$log.part\"; done\n\
                 echo \"typed:$(cat)\" >>\"$log.part\"\necho \"settings:$XDG_CONFIG_HOME\" >>\"$log.part\"\n\
                 echo $$ >\"$log.pids\"\nmv \"$log.part\" \"$log\"\n{rest}\n"
            );
            let path = self.computer.path().join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            self
        }

        /// A window that answers at once.
        fn asker(&self, answer: &str, code: u8) -> PathBuf {
            let path = self.computer.path().join("asker");
            let log = self.log("asker");
            let log = log.display();
            fs::write(&path, format!("#!/bin/sh\necho \"$@\" >{log}\necho '{answer}'\nexit {code}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        }

        fn programs(&self, asker: Option<PathBuf>) -> Programs {
            let search = Search::new(System::Unix, vec![self.computer.path().into()]);
            Programs::new(self.stick.path().into(), search, "erika@stadt", "de", asker)
        }

        fn log(&self, name: &str) -> PathBuf {
            self.computer.path().join(format!("{name}.log"))
        }

        async fn lines(&self, name: &str) -> Vec<String> {
            let log = self.log(name);
            let text = until(|| fs::read_to_string(&log).ok().filter(|text| !text.is_empty())).await;
            text.lines().map(str::to_owned).collect()
        }

        fn pids(&self, name: &str) -> Vec<String> {
            let text = fs::read_to_string(format!("{}.pids", self.log(name).display())).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        }
    }

    async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
        let looking = async {
            loop {
                if let Some(found) = look() {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), looking).await.expect("it comes")
    }

    fn alive(pid: &str) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).is_some_and(|state| state != 'Z')
    }

    fn order<'a>(target: &'a StickTarget, family: &'a Family) -> LaunchOrder<'a> {
        LaunchOrder { target, address: Some("127.3.2.1:40001".parse().unwrap()), reduced: false, family }
    }

    fn is_empty(folder: &Path) -> bool {
        fs::read_dir(folder).unwrap().next().is_none()
    }

    #[tokio::test]
    async fn freerdp_gets_name_and_password_from_the_window_and_nothing_stays() {
        let bench = Bench::new();
        let asker = bench.asker(r#"{"name":"e.muster","password":"Geheim ß"}"#, 0);
        bench.fake("xfreerdp", &Then::Ends).fake("remmina", &Then::Ends);
        let (target, family) = (target(), Family::default());
        let programs = bench.programs(Some(asker));
        assert!(programs.needs_tunnel(&target));
        let mut running = programs.launch(order(&target, &family)).await.unwrap().unwrap();
        assert_eq!(running.name(), "FreeRDP");
        running.ended().await;
        let lines = bench.lines("xfreerdp").await;
        assert_eq!(lines[..3], ["/u:e.muster", "/from-stdin:force", "/v:127.3.2.1:40001"]);
        assert!(lines.contains(&"/cert:ignore".to_owned()) && lines.contains(&"/d:RATHAUS".to_owned()));
        assert!(lines.contains(&"typed:Geheim ß".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with('/') && line.contains("Geheim")));
        let own = bench.stick.path().join("stick.run").join(target.id.to_string());
        assert!(lines.contains(&format!("settings:{}", own.display())), "{lines:?}");
        assert_eq!(bench.lines("asker").await, ["ask-sign-on --target Meldewesen --person erika --language de"]);
        assert!(is_empty(bench.stick.path()) && family.heads().is_empty());
    }

    #[tokio::test]
    async fn who_cancels_the_question_starts_nothing() {
        let bench = Bench::new();
        for (answer, code) in [("", 1), (r#"{"name":"a","password":"b"}"#, 1), (r#"{"name":"a\nb","password":""}"#, 0)]
        {
            let asker = bench.asker(answer, code);
            bench.fake("xfreerdp", &Then::Ends);
            let (target, family) = (target(), Family::default());
            let mut running = bench.programs(Some(asker)).launch(order(&target, &family)).await.unwrap().unwrap();
            running.ended().await;
            assert!(!bench.log("xfreerdp").exists());
        }
        assert!(is_empty(bench.stick.path()));
    }

    #[tokio::test]
    async fn the_newest_freerdp_is_taken_then_remmina_then_the_browser() {
        let bench = Bench::new();
        let asker = Some(bench.asker("", 1));
        let mut target = target();
        let programs = bench.programs(asker.clone());
        assert_eq!(programs.client(), None);
        assert!(programs.needs_tunnel(&target), "without an address for the browser the lack must be told");
        target.url = Some("https://amt.example.org/desktop/1".to_owned());
        assert!(!programs.needs_tunnel(&target));
        let at = |name: &str| bench.computer.path().join(name);
        bench.fake("remmina", &Then::Ends);
        assert_eq!(programs.client(), Some(Client::Remmina(at("remmina"))));
        bench.fake("xfreerdp", &Then::Ends);
        assert_eq!(programs.client(), Some(Client::FreeRdp(at("xfreerdp"))));
        assert_eq!(bench.programs(None).client(), Some(Client::Remmina(at("remmina"))));
        bench.fake("xfreerdp3", &Then::Ends);
        assert_eq!(programs.client(), Some(Client::FreeRdp(at("xfreerdp3"))));
    }

    #[tokio::test]
    async fn remmina_gets_a_file_and_a_bus_of_its_own() {
        let bench = Bench::new();
        bench.fake("remmina", &Then::Ends).fake("dbus-run-session", &Then::Stays);
        let (target, family) = (target(), Family::default());
        let mut running = bench.programs(None).launch(order(&target, &family)).await.unwrap().unwrap();
        let lines = bench.lines("dbus-run-session").await;
        assert_eq!(
            lines[..3],
            ["--".to_owned(), bench.computer.path().join("remmina").display().to_string(), "-c".to_owned()]
        );
        assert!(fs::read_to_string(&lines[3]).unwrap().contains("\nserver=127.3.2.1:40001\n"));
        running.end().await;
        assert!(is_empty(bench.stick.path()));
    }

    #[tokio::test]
    async fn the_end_of_a_tunnel_ends_the_whole_group() {
        let bench = Bench::new();
        bench.fake("fibu", &Then::Stays);
        let (mut target, family) = (target(), Family::default());
        target.kind = TargetKind::Tcp;
        target.start_command = Some("fibu --host {host} \"--port={port}\"".to_owned());
        let mut running = bench.programs(None).launch(order(&target, &family)).await.unwrap().unwrap();
        assert_eq!(running.name(), "fibu");
        assert_eq!(bench.lines("fibu").await[..3], ["--host", "127.3.2.1", "--port=40001"]);
        let pids = until(|| Some(bench.pids("fibu")).filter(|pids| pids.len() == 2)).await;
        assert!(pids.iter().all(|pid| alive(pid)));
        assert_eq!(family.heads().iter().map(u32::to_string).collect::<Vec<_>>(), pids[..1]);
        running.end().await;
        until(|| pids.iter().all(|pid| !alive(pid)).then_some(())).await;
        assert!(family.heads().is_empty() && is_empty(bench.stick.path()));
        running.ended().await;
    }

    #[tokio::test]
    async fn what_is_dropped_ends_too() {
        let bench = Bench::new();
        bench.fake("fibu", &Then::Stays);
        let (mut target, family) = (target(), Family::default());
        target.kind = TargetKind::Tcp;
        target.start_command = Some("fibu".to_owned());
        let running = bench.programs(None).launch(order(&target, &family)).await.unwrap().unwrap();
        let pids = until(|| Some(bench.pids("fibu")).filter(|pids| pids.len() == 2)).await;
        drop(running);
        until(|| pids.iter().all(|pid| !alive(pid)).then_some(())).await;
    }

    #[tokio::test]
    async fn a_service_without_command_is_a_tunnel_alone_and_a_bad_command_is_told() {
        let bench = Bench::new();
        let (mut target, family) = (target(), Family::default());
        target.kind = TargetKind::Tcp;
        let programs = bench.programs(None);
        assert!(programs.launch(order(&target, &family)).await.unwrap().is_none());
        for bad in ["missing {host}", "fibu 'open", "../fibu", "", "fibu\nx"] {
            target.start_command = Some(bad.to_owned());
            let refused = programs.launch(order(&target, &family)).await.err();
            assert_eq!(refused, Some(Problem::NoProgram), "{bad:?}");
        }
        assert!(is_empty(bench.stick.path()));
    }

    #[tokio::test]
    async fn ssh_runs_in_a_terminal_in_the_folder_of_the_stick() {
        let bench = Bench::new();
        let (mut target, family) = (target(), Family::default());
        target.kind = TargetKind::Ssh;
        let programs = bench.programs(None);
        assert_eq!(programs.launch(order(&target, &family)).await.err(), Some(Problem::NoProgram));
        bench.fake("gnome-terminal", &Then::Ends).fake("ssh", &Then::Ends);
        assert_eq!(programs.launch(order(&target, &family)).await.err(), Some(Problem::NoProgram));
        bench.fake("xterm", &Then::Ends);
        let mut running = programs.launch(order(&target, &family)).await.unwrap().unwrap();
        running.ended().await;
        let lines = bench.lines("xterm").await;
        let ssh = bench.computer.path().join("ssh").display().to_string();
        assert_eq!(lines[..5], ["-u8", "-e", &ssh, "-F", "none"]);
        assert!(lines.contains(&"UserKnownHostsFile=stick.hosts".to_owned()));
    }

    #[tokio::test]
    async fn a_web_application_opens_in_the_browser_without_a_tunnel() {
        let bench = Bench::new();
        bench.fake("xdg-open", &Then::Ends);
        let (mut target, family) = (target(), Family::default());
        target.kind = TargetKind::Web;
        let programs = bench.programs(None);
        assert!(!programs.needs_tunnel(&target));
        for bad in [None, Some("file:///etc/passwd"), Some("javascript:alert(1)"), Some("--help"), Some("x")] {
            target.url = bad.map(str::to_owned);
            let order = LaunchOrder { address: None, ..order(&target, &family) };
            assert_eq!(programs.launch(order).await.err(), Some(Problem::NoProgram), "{bad:?}");
        }
        target.url = Some("https://akte.amt.example.org/?a=b c".to_owned());
        let order = LaunchOrder { address: None, ..order(&target, &family) };
        let running = programs.launch(order).await.unwrap().unwrap();
        assert_eq!(running.name(), "Browser");
        assert_eq!(bench.lines("xdg-open").await[0], "https://akte.amt.example.org/?a=b%20c");
    }

    #[tokio::test]
    async fn mstsc_gets_a_file_on_the_stick_that_goes_with_it() {
        let bench = Bench::new();
        bench.fake("mstsc.exe", &Then::Stays);
        let search = Search::new(System::Windows, vec![bench.computer.path().into()]);
        let programs = Programs::new(bench.stick.path().into(), search, "erika", "de", None);
        let (target, family) = (target(), Family::default());
        let mut running = programs.launch(order(&target, &family)).await.unwrap().unwrap();
        let lines = bench.lines("mstsc.exe").await;
        assert_eq!(lines[0], "/public");
        assert!(Path::new(&lines[1]).starts_with(bench.stick.path()) && Path::new(&lines[1]).exists());
        running.end().await;
        assert!(is_empty(bench.stick.path()));
    }
}
