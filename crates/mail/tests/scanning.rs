//! Malware, with a real scanner.

use fernamt_mail::{Incoming, Scanner, ScannerAddress};
use fernamt_testkit::peers::ClamAv;
use serde_json::json;

use crate::house::{House, Reply};

fn refusal(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.json["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn malware_is_neither_taken_in_nor_handed_out() {
    let clamav = fernamt_testkit::peer!(ClamAv::start());
    let house = House::with_scanner(Scanner::new(ScannerAddress::Socket(clamav.socket()))).await;
    let ada = house.person("ada").await;
    let path = format!("/jmap/upload/{}", ada.account);
    let upload = async |bytes: &[u8]| ada.request("POST", &path, "application/octet-stream", bytes.to_vec()).await;

    assert_eq!(upload(b"Ein Ei.").await.status, 201);
    let refused = upload(&[b"Anlage: ", clamav.malware].concat()).await;
    assert_eq!(refusal(&refused), (422, "malware_found"));
    assert_eq!(refused.json["params"]["name"], "Kuckucksei.UNOFFICIAL");
    let large = upload(&vec![b'x'; 2_000_000]).await;
    assert_eq!(refusal(&large), (422, "not_scanned"), "more than this scanner takes");

    // What came by another way is there, and stays shut.
    let raw = format!(
        "From: x@elsewhere.example\r\nTo: ada@amt.example\r\nSubject: Rechnung\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nAnbei\r\n--b\r\n\
         Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b\r\nContent-Type: text/plain\r\n\
         Content-Disposition: attachment; filename=b.txt\r\n\r\nnur Text\r\n--b--\r\n",
        data_encoding::BASE64.encode(clamav.malware)
    );
    let received_at = fernamt_domain::Clock::now(&house.clock);
    let incoming =
        Incoming { from: "x@elsewhere.example", to: "ada@amt.example", raw: raw.as_bytes(), received_at, seen: false };
    assert!(house.mail.receive(&house.tenant, incoming).await.unwrap());
    let inbox = ada.mailbox("inbox").await;
    let found = ada.call("Email/query", json!({ "filter": { "inMailbox": inbox } })).await;
    let got = ada.call("Email/get", json!({ "ids": found["ids"], "properties": ["blobId", "attachments"] })).await;
    let email = &got["list"][0];
    let download = async |blob: &serde_json::Value| {
        let path = format!("/jmap/download/{}/{}/x", ada.account, blob.as_str().unwrap());
        ada.request("GET", &path, "", Vec::new()).await
    };
    assert_eq!(refusal(&download(&email["attachments"][0]["blobId"]).await), (422, "malware_found"));
    assert_eq!(refusal(&download(&email["blobId"]).await), (422, "malware_found"), "nor as a whole");
    assert_eq!(download(&email["attachments"][1]["blobId"]).await.bytes, b"nur Text");

    clamav.kill().unwrap();
    assert_eq!(refusal(&upload(b"Ein Ei.").await), (503, "scanner_unavailable"), "nothing goes by unseen");
    assert_eq!(refusal(&download(&email["attachments"][1]["blobId"]).await), (503, "scanner_unavailable"));
}
