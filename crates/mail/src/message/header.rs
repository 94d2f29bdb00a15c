//! Header fields in the forms that JMAP has for them (RFC 8621, section 4.1.2).

use mail_parser::{Addr, Address, Header, HeaderForm, HeaderName, HeaderValue, Message};
use serde_json::{Value, json};

use super::body::index;

/// The most addresses that are told of one field, and the most groups.
pub(crate) const MAX_ADDRESSES: usize = 1_000;

/// A property `header:Name:asForm:all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderProperty {
    /// The field's name.
    pub(crate) name: String,
    /// The form of its value.
    pub(crate) form: HeaderForm,
    /// Whether all fields of this name are meant, and not the last alone.
    pub(crate) all: bool,
}

impl HeaderProperty {
    /// Reads a property's name; nothing if it is not one of a header field.
    pub(crate) fn read(property: &str) -> Option<Self> {
        let mut steps = property.strip_prefix("header:")?.split(':');
        let name = steps.next().filter(|name| is_field_name(name))?.to_owned();
        let (mut form, mut all) = (HeaderForm::Raw, false);
        let mut rest = steps.peekable();
        if let Some(word) = rest.next_if(|word| word.starts_with("as")) {
            form = match word {
                "asRaw" => HeaderForm::Raw,
                "asText" => HeaderForm::Text,
                "asAddresses" => HeaderForm::Addresses,
                "asGroupedAddresses" => HeaderForm::GroupedAddresses,
                "asMessageIds" => HeaderForm::MessageIds,
                "asDate" => HeaderForm::Date,
                "asURLs" => HeaderForm::URLs,
                _ => return None,
            };
        }
        if rest.next_if_eq(&"all").is_some() {
            all = true;
        }
        rest.next().is_none().then_some(Self { name, form, all })
    }

    /// The property's value in a message.
    pub(crate) fn of(&self, message: &Message<'_>) -> Value {
        let name = HeaderName::parse(self.name.as_str()).unwrap_or(HeaderName::Other(self.name.as_str().into()));
        let mut values: Vec<_> = if self.form == HeaderForm::Raw {
            let fields = message.headers().iter().filter(|header| header.name == name);
            fields.map(|header| raw_value(message, header).into()).collect()
        } else {
            message.header_as(name, self.form).iter().map(|value| in_form(value, self.form)).collect()
        };
        if self.all { Value::Array(values) } else { values.pop().unwrap_or(Value::Null) }
    }
}

/// A field's value as it stands, without the end of its line.
pub(super) fn raw_value(message: &Message<'_>, header: &Header<'_>) -> String {
    let raw = message.raw_message().get(index(header.offset_start())..index(header.offset_end())).unwrap_or_default();
    String::from_utf8_lossy(raw).trim_end_matches(['\r', '\n']).to_owned()
}

/// Whether a text may name a header field (RFC 5322, section 2.2).
pub(crate) fn is_field_name(name: &str) -> bool {
    (1..=76).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b':')
}

fn in_form(value: &HeaderValue<'_>, form: HeaderForm) -> Value {
    match (value, form) {
        (HeaderValue::Address(list), HeaderForm::GroupedAddresses) => grouped(list),
        (HeaderValue::Address(list), HeaderForm::URLs) => list.iter().filter_map(|one| one.address()).collect(),
        (HeaderValue::Address(list), _) => addresses(Some(list)),
        (HeaderValue::DateTime(date), _) => date.is_valid().then(|| date.to_rfc3339()).into(),
        (HeaderValue::Text(text), HeaderForm::MessageIds | HeaderForm::URLs) => json!([text]),
        (HeaderValue::Text(text), _) => json!(text),
        (HeaderValue::TextList(list), HeaderForm::MessageIds | HeaderForm::URLs) => json!(list),
        (HeaderValue::TextList(list), _) => json!(list.join(" ")),
        _ => Value::Null,
    }
}

fn address(one: &Addr<'_>) -> Value {
    json!({ "name": one.name, "email": one.address.as_deref().unwrap_or_default() })
}

/// Addresses as a list (RFC 8621, section 4.1.2.3), at most [`MAX_ADDRESSES`]; null where there is no such field.
pub(crate) fn addresses(list: Option<&Address<'_>>) -> Value {
    list.map_or(Value::Null, |list| list.iter().take(MAX_ADDRESSES).map(address).collect())
}

fn grouped(list: &Address<'_>) -> Value {
    match list {
        Address::List(all) => {
            json!([{ "name": null, "addresses": all.iter().take(MAX_ADDRESSES).map(address).collect::<Vec<_>>() }])
        }
        Address::Group(groups) => groups
            .iter()
            .take(MAX_ADDRESSES)
            .map(|group| {
                let members: Vec<_> = group.addresses.iter().take(MAX_ADDRESSES).map(address).collect();
                json!({ "name": group.name, "addresses": members })
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    const RAW: &str = "From: =?utf-8?q?J=C3=BCrgen?= <j@amt.example>\r\nTo: Amt: a@x, b@x;\r\nX-One: first\r\n\
                       X-One:  second\r\nMessage-ID: <1@x>\r\nReferences: <a@x> <b@x>\r\n\
                       Date: Mon, 2 Nov 2026 10:00:00 +0100\r\nList-Post: <mailto:l@x>\r\n\r\nText\r\n";

    #[test]
    fn fields_have_their_forms() {
        let message = MessageParser::default().parse(RAW).unwrap();
        let value = |property: &str| HeaderProperty::read(property).unwrap().of(&message);
        assert_eq!(value("header:From:asAddresses"), json!([{ "name": "Jürgen", "email": "j@amt.example" }]));
        assert_eq!(value("header:to:asGroupedAddresses")[0]["name"], "Amt");
        assert_eq!(value("header:X-One:asText"), json!("second"));
        assert_eq!(value("header:x-one:asText:all"), json!(["first", "second"]));
        assert_eq!(value("header:X-One"), json!("  second"), "as it stands, without the line's end");
        assert_eq!(value("header:References:asMessageIds"), json!(["a@x", "b@x"]));
        assert_eq!(value("header:Message-ID:asMessageIds"), json!(["1@x"]));
        assert_eq!(value("header:Date:asDate"), json!("2026-11-02T10:00:00+01:00"));
        assert_eq!(value("header:List-Post:asURLs"), json!(["mailto:l@x"]));
        assert_eq!(value("header:X-None"), Value::Null);
        assert_eq!(value("header:X-None:all"), json!([]));
    }

    #[test]
    fn a_malformed_property_is_none() {
        for bad in ["header:", "header:a b", "header:X:asX", "header:X:all:asText", "header:X:all:all", "from"] {
            assert_eq!(HeaderProperty::read(bad), None, "{bad}");
        }
    }
}
