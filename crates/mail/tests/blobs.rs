//! Raw bytes up and down.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn bytes_come_back_as_a_file_that_runs_nowhere() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let blob = ada.upload(b"<script>alert(1)</script>").await;
    let path = format!("/jmap/download/{}/{blob}/a%22b.html?type=text/html", ada.account);
    let reply = ada.request("GET", &path, "", Vec::new()).await;
    assert_eq!((reply.status, &reply.bytes[..]), (200, &b"<script>alert(1)</script>"[..]));
    assert_eq!(reply.headers["content-security-policy"], "default-src 'none'; sandbox");
    assert!(reply.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"a_b.html\""));
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    for wrong in ["x", "B00", "Bzz-1"] {
        let path = format!("/jmap/download/{}/{wrong}/x", ada.account);
        assert_eq!(ada.request("GET", &path, "", Vec::new()).await.status, 404);
    }
}

#[tokio::test]
async fn a_part_of_a_message_is_read_alone() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let raw = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\n\
               Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\
               Content-Disposition: attachment; filename=p.pdf\r\n\r\nJVBERg==\r\n--b--\r\n";
    let email = ada.import(&inbox, raw).await;
    let found = ada.call("Email/get", json!({ "ids": [email], "properties": ["attachments", "blobId"] })).await;
    let attached = &found["list"][0]["attachments"][0];
    assert_eq!((&attached["name"], &attached["size"]), (&json!("p.pdf"), &json!(4)));
    let path = format!("/jmap/download/{}/{}/p.pdf", ada.account, attached["blobId"].as_str().unwrap());
    assert_eq!(ada.request("GET", &path, "", Vec::new()).await.bytes, b"%PDF");
    let whole = format!("/jmap/download/{}/{}/m.eml", ada.account, found["list"][0]["blobId"].as_str().unwrap());
    assert_eq!(ada.request("GET", &whole, "", Vec::new()).await.bytes, raw.as_bytes());
}

#[tokio::test]
async fn an_upload_has_a_limit() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let path = format!("/jmap/upload/{}", ada.account);
    let refused = ada.request("POST", &path, "text/plain", vec![0; 50_000_001]).await;
    assert_eq!((refused.status, &refused.json["limit"]), (413, &json!("maxSizeUpload")));
}

#[tokio::test]
async fn a_message_within_a_message_is_read() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let blob = ada.upload("From: a@b.example\r\nSubject: Innen\r\n\r\nHallo\r\n".as_bytes()).await;
    let asked = json!({ "blobIds": [blob, "Bnothing"], "properties": ["subject", "from", "bodyValues", "textBody"], "fetchTextBodyValues": true });
    let parsed = ada.call("Email/parse", asked).await;
    assert_eq!((&parsed["parsed"][&blob]["subject"], &parsed["notFound"]), (&json!("Innen"), &json!(["Bnothing"])));
    let part = parsed["parsed"][&blob]["textBody"][0]["partId"].as_str().unwrap();
    assert_eq!(parsed["parsed"][&blob]["bodyValues"][part]["value"].as_str().unwrap().trim_end(), "Hallo");
}

#[tokio::test]
async fn what_lies_in_a_message_within_a_message_is_its_own() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let inbox = ada.mailbox("inbox").await;
    let attached = |name: &str, kind: &str, contents: &str| {
        format!("--{name}\r\nContent-Type: {kind}\r\nContent-Disposition: attachment\r\n\r\n{contents}\r\n")
    };
    let mail = |name: &str, subject: &str, file: &str, more: &str| {
        format!(
            "From: a@b.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; \
             boundary={name}\r\n\r\n{}{more}--{name}--\r\n",
            attached(name, "text/plain", file)
        )
    };
    let deepest = mail("c", "Dritte", "drei", "");
    let inner = mail("b", "Zweite", "zwei", &attached("b", "message/rfc822", &deepest));
    let email = ada.import(&inbox, &mail("a", "Erste", "eins", &attached("a", "message/rfc822", &inner))).await;

    let properties = json!(["subject", "attachments"]);
    let found = ada.call("Email/get", json!({ "ids": [email], "properties": properties })).await;
    let mut email = found["list"][0].clone();
    for (subject, file) in [("Erste", "eins"), ("Zweite", "zwei"), ("Dritte", "drei")] {
        assert_eq!(email["subject"], subject);
        let blob = |number: usize| email["attachments"][number]["blobId"].as_str().unwrap_or_default().to_owned();
        let path = format!("/jmap/download/{}/{}/x", ada.account, blob(0));
        assert_eq!(ada.request("GET", &path, "", Vec::new()).await.bytes, file.as_bytes());
        let copied = json!({ "fromAccountId": ada.account, "blobIds": [blob(0)] });
        assert!(ada.call("Blob/copy", copied).await["copied"].is_object());
        let within = blob(1);
        if subject != "Dritte" {
            let parsed = ada.call("Email/parse", json!({ "blobIds": [within], "properties": properties })).await;
            email = parsed["parsed"][&within].clone();
        }
    }
}

#[tokio::test]
async fn a_text_comes_back_in_the_charset_that_it_came_in() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let drafts = ada.mailbox("drafts").await;
    let latin = b"Name;Stra\xdfe\r\nM\xfcller;G\xf6rlitz\r\n";
    let blob = ada.upload(latin).await;
    let create = json!({ "d": {
        "mailboxIds": { drafts: true },
        "bodyValues": { "t": { "value": "Anbei" } },
        "textBody": [{ "partId": "t" }],
        "attachments": [{ "blobId": blob, "type": "text/csv", "name": "Liste.csv" }],
    } });
    let made = ada.call("Email/set", json!({ "create": create })).await;
    let got =
        ada.call("Email/get", json!({ "ids": [made["created"]["d"]["id"]], "properties": ["attachments"] })).await;
    let attached = &got["list"][0]["attachments"][0];
    assert_eq!(attached["size"], latin.len());
    let path = format!("/jmap/download/{}/{}/Liste.csv", ada.account, attached["blobId"].as_str().unwrap());
    assert_eq!(ada.request("GET", &path, "", Vec::new()).await.bytes, latin);
}
