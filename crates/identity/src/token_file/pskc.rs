//! Portable Symmetric Key Containers (RFC 6030) with plain keys.

use data_encoding::BASE64;

use super::{Entries, MAX_TOKENS, Raw, TokenFileError};

/// The most XML nodes of a file.
const MAX_NODES: u32 = 400_000;

/// Reads the keys of a container.
pub(super) fn read(text: &str) -> Result<Entries, TokenFileError> {
    // Document type declarations stay refused, so entities cannot expand.
    let options = roxmltree::ParsingOptions { nodes_limit: MAX_NODES, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|_| TokenFileError::UnknownFormat)?;
    let root = document.root_element();
    if root.tag_name().name() != "KeyContainer" {
        return Err(TokenFileError::UnknownFormat);
    }
    let mut entries = Vec::new();
    for package in root.children().filter(|node| node.has_tag_name_local("KeyPackage")) {
        let Some(key) = package.child("Key") else { continue };
        if entries.len() >= MAX_TOKENS {
            return Err(TokenFileError::TooLarge);
        }
        let data = key.child("Data");
        if data.and_then(|data| data.child("Secret")).is_some_and(|secret| secret.child("EncryptedValue").is_some()) {
            return Err(TokenFileError::Encrypted);
        }
        entries.push(key_entry(package, key, data).read());
    }
    Ok(entries)
}

fn key_entry(package: Node<'_, '_>, key: Node<'_, '_>, data: Option<Node<'_, '_>>) -> Raw {
    let value = |name: &str| {
        data.and_then(|data| data.child(name)?.child("PlainValue")).map(Node::plain_text).unwrap_or_default()
    };
    let serial = package
        .child("DeviceInfo")
        .and_then(|info| info.child("SerialNo"))
        .map(Node::plain_text)
        .or_else(|| key.attribute("Id").map(str::to_owned));
    let parameters = key.child("AlgorithmParameters");
    let kind = match key.attribute("Algorithm").unwrap_or_default() {
        "" | "urn:ietf:params:xml:ns:keyprov:pskc:totp" => "totp",
        "urn:ietf:params:xml:ns:keyprov:pskc:hotp" => "hotp",
        _ => "other",
    };
    let format = parameters.and_then(|parameters| parameters.child("ResponseFormat"));
    let encoding = format.and_then(|format| format.attribute("Encoding")).unwrap_or("DECIMAL");
    Raw {
        serial: serial.unwrap_or_default(),
        secret: BASE64.decode(value("Secret").as_bytes()).unwrap_or_default(),
        kind: if encoding == "DECIMAL" { kind } else { "other" }.to_owned(),
        algorithm: parameters
            .and_then(|parameters| parameters.child("Suite"))
            .map(Node::plain_text)
            .unwrap_or_default(),
        digits: format.and_then(|format| format.attribute("Length")).unwrap_or_default().to_owned(),
        period: value("TimeInterval"),
        counter: value("Counter"),
    }
}

type Node<'a, 'input> = roxmltree::Node<'a, 'input>;

/// Vendors prefix and qualify as they like, so elements are told apart by their local names.
trait Local: Copy {
    fn has_tag_name_local(&self, name: &str) -> bool;
    fn child(self, name: &str) -> Option<Self>;
    fn plain_text(self) -> String;
}

impl Local for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }

    fn child(self, name: &str) -> Option<Self> {
        self.children().find(|node| node.has_tag_name_local(name))
    }

    fn plain_text(self) -> String {
        self.text().unwrap_or_default().trim().to_owned()
    }
}
