//! What the RDP clients are told: `mstsc` and Remmina by a file, FreeRDP by arguments.
//!
//! **Whom they trust.** The client sees a loopback address, so the desktop's certificate can never match, and a question
//! about it would teach people to say yes. They are told not to ask: their connection ends in the stick's own listener,
//! which lets only them in, and goes on inside SSH to the gateway whose host key is pinned on the stick. Asking once and
//! remembering (`/cert:tofu`) would write into the person's home folder and still ask about each new loopback address.
//!
//! **What passes.** Drives, printers and the clipboard only where policy allows it for this target; every other device
//! never. Nobody's password is written into a file or an argument.

use std::{fmt::Write as _, net::SocketAddr, path::Path};

use fernamt_api::stick::StickTarget;

/// What to tell an RDP client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desktop<'a> {
    /// The target.
    pub(crate) target: &'a StickTarget,
    /// Our end of its tunnel.
    pub(crate) address: SocketAddr,
    /// The line is weak: fewer colours, no decoration.
    pub(crate) reduced: bool,
    /// The name to sign in with, if one is known.
    pub(crate) person: &'a str,
}

/// A value that stands on one line and nothing else: whoever writes a line break into a name writes no settings.
fn one_line(text: &str) -> Option<&str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    (!text.is_empty() && !text.contains(breaks)).then_some(text)
}

impl Desktop<'_> {
    /// The file for `mstsc`, in the encoding that it writes itself: UTF-16 with a byte order mark.
    pub(crate) fn rdp_file(&self) -> Vec<u8> {
        let target = self.target;
        let (bits, experience) = if self.reduced { (16, 1) } else { (32, 7) };
        let mut text = String::new();
        let mut number = |key: &str, value: u32| _ = write!(text, "{key}:i:{value}\r\n");
        number("screen mode id", 2);
        number("dynamic resolution", 1);
        number("session bpp", bits);
        number("compression", 1);
        number("connection type", experience);
        number("networkautodetect", u32::from(!self.reduced));
        number("bandwidthautodetect", u32::from(!self.reduced));
        for decoration in [
            "disable wallpaper",
            "disable full window drag",
            "disable menu anims",
            "disable themes",
            "disable cursor setting",
        ] {
            number(decoration, u32::from(self.reduced));
        }
        number("allow font smoothing", u32::from(!self.reduced));
        number("allow desktop composition", u32::from(!self.reduced));
        number("videoplaybackmode", u32::from(!self.reduced));
        number("audiomode", 0);
        number("audiocapturemode", 0);
        number("public mode", 1);
        number("bitmapcachepersistenable", 0);
        number("prompt for credentials", 1);
        number("enablecredsspsupport", 1);
        number("authentication level", 0);
        number("negotiate security layer", 1);
        number("autoreconnection enabled", 1);
        number("gatewayusagemethod", 0);
        number("remoteapplicationmode", 0);
        number("redirectclipboard", u32::from(target.clipboard));
        number("redirectprinters", u32::from(target.printers));
        for device in
            ["redirectcomports", "redirectsmartcards", "redirectposdevices", "redirectwebauthn", "redirectlocation"]
        {
            number(device, 0);
        }
        let mut line = |key: &str, value: &str| _ = write!(text, "{key}:s:{value}\r\n");
        line("full address", &self.address.to_string());
        line("drivestoredirect", if target.drives { "*" } else { "" });
        for devices in ["devicestoredirect", "usbdevicestoredirect", "camerastoredirect"] {
            line(devices, "");
        }
        line("username", one_line(self.person).unwrap_or_default());
        line("domain", self.domain().unwrap_or_default());
        line("loadbalanceinfo", target.load_balance_info.as_deref().and_then(one_line).unwrap_or_default());
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    /// The arguments for FreeRDP 2 and 3, without name and password: those are typed for each connection.
    pub(crate) fn freerdp_arguments(&self) -> Vec<String> {
        let target = self.target;
        let switch = |on: bool, name: &str| format!("{}{name}", if on { '+' } else { '-' });
        let mut arguments = vec![
            format!("/v:{}", self.address),
            "/cert:ignore".to_owned(),
            format!("/t:{}", one_line(&target.name).unwrap_or("Fernamt")),
            "/dynamic-resolution".to_owned(),
            "+auto-reconnect".to_owned(),
            "/sound".to_owned(),
            format!("/bpp:{}", if self.reduced { 16 } else { 32 }),
            format!("/network:{}", if self.reduced { "modem" } else { "auto" }),
            "+compression".to_owned(),
            switch(target.clipboard, "clipboard"),
            switch(target.drives, "home-drive"),
        ];
        if self.reduced {
            arguments.extend(["-wallpaper".to_owned(), "-themes".to_owned()]);
        } else {
            arguments.push("/rfx".to_owned());
        }
        if target.printers {
            arguments.push("/printer".to_owned());
        }
        arguments.push(format!("/d:{}", self.domain().unwrap_or_default()));
        if let Some(info) = target.load_balance_info.as_deref().and_then(one_line) {
            arguments.push(format!("/load-balance-info:{info}"));
        }
        arguments
    }

    /// The file for Remmina, which asks for name and password itself.
    pub(crate) fn remmina_file(&self, shared: Option<&Path>) -> String {
        let target = self.target;
        let flag = |on: bool| u8::from(on).to_string();
        let shared = shared.filter(|_| target.drives).and_then(Path::to_str).and_then(one_line);
        let entries: [(&str, String); 16] = [
            ("protocol", "RDP".to_owned()),
            ("name", one_line(&target.name).unwrap_or("Fernamt").to_owned()),
            ("server", self.address.to_string()),
            ("username", one_line(self.person).unwrap_or_default().to_owned()),
            ("domain", self.domain().unwrap_or_default().to_owned()),
            ("loadbalanceinfo", target.load_balance_info.as_deref().and_then(one_line).unwrap_or_default().to_owned()),
            ("colordepth", if self.reduced { "16" } else { "32" }.to_owned()),
            ("quality", if self.reduced { "0" } else { "9" }.to_owned()),
            ("cert_ignore", flag(true)),
            ("disablepasswordstoring", flag(true)),
            ("disableclipboard", flag(!target.clipboard)),
            ("shareprinter", flag(target.printers)),
            ("sharesmartcard", flag(false)),
            ("microphone", String::new()),
            ("sharefolder", shared.unwrap_or_default().to_owned()),
            ("sound", "local".to_owned()),
        ];
        entries.iter().fold("[remmina]\n".to_owned(), |mut file, (key, value)| {
            _ = writeln!(file, "{key}={value}");
            file
        })
    }

    fn domain(&self) -> Option<&str> {
        self.target.domain.as_deref().and_then(one_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::target;

    fn desktop(target: &StickTarget, reduced: bool) -> Desktop<'_> {
        Desktop { target, address: "127.4.5.6:40123".parse().unwrap(), reduced, person: "erika" }
    }

    fn lines(file: &[u8]) -> Vec<String> {
        let units: Vec<u16> = file.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
        assert_eq!(units[0], 0xfeff);
        let text = String::from_utf16(&units[1..]).unwrap();
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    fn has(file: &[u8], line: &str) -> bool {
        lines(file).iter().any(|found| found == line)
    }

    #[test]
    fn devices_stay_off_unless_allowed() {
        let mut target = target();
        let file = desktop(&target, false).rdp_file();
        for line in [
            "full address:s:127.4.5.6:40123",
            "drivestoredirect:s:",
            "redirectclipboard:i:0",
            "redirectprinters:i:0",
            "redirectsmartcards:i:0",
            "usbdevicestoredirect:s:",
            "devicestoredirect:s:",
            "camerastoredirect:s:",
            "audiocapturemode:i:0",
            "prompt for credentials:i:1",
            "session bpp:i:32",
        ] {
            assert!(has(&file, line), "{line}");
        }
        assert!(!lines(&file).iter().any(|line| line.contains("password")));
        let arguments = desktop(&target, false).freerdp_arguments();
        assert!(arguments.contains(&"-clipboard".to_owned()) && arguments.contains(&"-home-drive".to_owned()));
        assert!(!arguments.contains(&"/printer".to_owned()));
        (target.clipboard, target.drives, target.printers) = (true, true, true);
        let file = desktop(&target, false).rdp_file();
        for line in ["drivestoredirect:s:*", "redirectclipboard:i:1", "redirectprinters:i:1"] {
            assert!(has(&file, line), "{line}");
        }
        let arguments = desktop(&target, false).freerdp_arguments();
        for argument in ["+clipboard", "+home-drive", "/printer"] {
            assert!(arguments.iter().any(|given| given == argument), "{argument}");
        }
    }

    #[test]
    fn a_weak_line_gets_fewer_colours() {
        let target = target();
        let file = desktop(&target, true).rdp_file();
        for line in ["session bpp:i:16", "connection type:i:1", "disable wallpaper:i:1", "networkautodetect:i:0"] {
            assert!(has(&file, line), "{line}");
        }
        let arguments = desktop(&target, true).freerdp_arguments();
        assert!(arguments.contains(&"/bpp:16".to_owned()) && arguments.contains(&"/network:modem".to_owned()));
        assert!(desktop(&target, true).remmina_file(None).contains("colordepth=16\n"));
    }

    #[test]
    fn a_line_break_in_a_value_writes_no_setting() {
        let mut target = target();
        for bad in ["a\r\ndrivestoredirect:s:*", "a\nx", "a\rx", "a\u{2028}x", "a\0b"] {
            target.name = bad.to_owned();
            target.domain = Some(bad.to_owned());
            target.load_balance_info = Some(bad.to_owned());
            let mut desktop = desktop(&target, false);
            desktop.person = bad;
            let file = desktop.rdp_file();
            for line in ["domain:s:", "loadbalanceinfo:s:", "username:s:", "drivestoredirect:s:"] {
                assert!(has(&file, line), "{line} with {bad:?}");
            }
            assert!(!has(&file, "drivestoredirect:s:*"));
            let file = desktop.remmina_file(None);
            assert!(file.contains("\ndomain=\n") && file.contains("\nname=Fernamt\n"), "{file}");
            assert_eq!(file.lines().count(), 17);
            assert!(desktop.freerdp_arguments().iter().all(|argument| !argument.contains(char::is_control)));
        }
    }

    #[test]
    fn remmina_shares_a_folder_only_where_drives_are_allowed() {
        let mut target = target();
        let home = Path::new("/home/erika");
        assert!(desktop(&target, false).remmina_file(Some(home)).contains("\nsharefolder=\n"));
        target.drives = true;
        assert!(desktop(&target, false).remmina_file(Some(home)).contains("\nsharefolder=/home/erika\n"));
    }
}
