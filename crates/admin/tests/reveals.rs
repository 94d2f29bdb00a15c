//! Revealing a pseudonym: two people, two duties, every step in the log.

use fernamt_domain::Role;
use serde_json::{Value, json};
use time::Duration;

use crate::house::{Client, House};

const REVEALS: &str = "/api/v1/admin/audit/reveals";
const REASON: &str = "Verdacht auf Missbrauch, Vorgang 12/26";

struct Case {
    house: House,
    chief: Client,
    officer: Client,
    /// The pseudonym under which the chief's deeds stand in the log.
    pseudonym: String,
}

async fn case() -> Case {
    let (house, chief) = House::with_administrator().await;
    house.group(&chief, "Bauamt").await;
    let officer = house.person("officer", &[Role::DataProtection]).await;
    let officer = house.sign_in(officer).await;
    let entries = officer.get("/api/v1/admin/audit?kind=group").await.body;
    let pseudonym = entries["items"][0]["actor"].as_str().unwrap().to_owned();
    Case { house, chief, officer, pseudonym }
}

fn deed(wish: &Value, deed: &str) -> String {
    format!("{REVEALS}/{}/{deed}", wish["id"].as_str().unwrap())
}

async fn ask(client: &Client, wanted: Value) -> Value {
    let reply = client.post(REVEALS, json!({ "wanted": wanted, "reason": REASON })).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body
}

#[tokio::test]
async fn a_pseudonym_is_revealed_when_the_other_duty_agrees_and_only_to_who_asked() {
    let Case { house, chief, officer, pseudonym } = case().await;
    let wish = ask(&officer, json!({ "kind": "person", "pseudonym": pseudonym })).await;
    assert_eq!(
        (&wish["state"], &wish["may_decide"], &wish["may_look"]),
        (&json!("asked"), &json!(false), &json!(false))
    );
    assert_eq!(officer.post(&deed(&wish, "look"), json!({})).await.code(), "not_agreed");
    assert_eq!(officer.post(&deed(&wish, "approve"), json!({})).await.code(), "other_duty_needed");
    let second = house.person("second", &[Role::DataProtection]).await;
    let second = house.sign_in(second).await;
    assert_eq!(second.post(&deed(&wish, "approve"), json!({})).await.code(), "other_duty_needed");

    let listed = chief.get(REVEALS).await;
    assert_eq!((&listed.body[0]["may_decide"], &listed.body[0]["reason"]), (&json!(true), &json!(REASON)));
    let approved = chief.post(&deed(&wish, "approve"), json!({})).await;
    assert_eq!((approved.status, &approved.body["state"]), (200, &json!("approved")));
    assert_eq!(approved.body["decided_by"]["id"], json!(chief.person));
    assert_eq!(chief.post(&deed(&wish, "look"), json!({})).await.code(), "not_agreed", "only who asked may look");
    let revealed = officer.post(&deed(&wish, "look"), json!({})).await.body;
    let person = json!({ "id": chief.person, "display_name": "chief of the office" });
    assert_eq!(revealed, json!({ "pseudonym": pseudonym, "person": person }));

    let actions = house.actions().await;
    let steps: Vec<_> = actions.iter().filter(|action| action.starts_with("reveal_")).collect();
    assert_eq!(steps, ["reveal_asked", "reveal_approved", "reveal_looked_at"]);
    house.clock.advance(Duration::days(7) + Duration::SECOND);
    let officer = house.sign_in(officer.person).await;
    assert_eq!(officer.post(&deed(&wish, "look"), json!({})).await.status, 404, "in time it is over");
    assert_eq!(officer.get(REVEALS).await.body, json!([]));
}

#[tokio::test]
async fn asking_for_a_persons_pseudonym_tells_nobody_what_it_is() {
    let Case { house, chief, officer, pseudonym } = case().await;
    let anna = house.person("anna", &[]).await;
    chief.post(&format!("/api/v1/admin/people/{anna}/disable"), json!({})).await;
    let wish = ask(&chief, json!({ "kind": "pseudonym", "person_id": chief.person })).await;
    assert_eq!(
        (&wish["person_name"], &wish["wanted"]["person_id"]),
        (&json!("chief of the office"), &json!(chief.person))
    );
    let log = chief.get("/api/v1/admin/audit?kind=reveal").await;
    let entry = &log.body["items"][0];
    assert_eq!((&entry["action"], &entry["subject"]), (&json!("reveal_asked"), &json!(null)));
    assert!(!entry["details"].to_string().contains(&chief.person.to_string()), "{entry}");

    officer.post(&deed(&wish, "approve"), json!({})).await;
    let revealed = chief.post(&deed(&wish, "look"), json!({})).await.body;
    assert_eq!(revealed["pseudonym"], json!(pseudonym));
    let nobody = ask(&chief, json!({ "kind": "pseudonym", "person_id": officer.person })).await;
    officer.post(&deed(&nobody, "refuse"), json!({})).await;
    assert_eq!(chief.post(&deed(&nobody, "look"), json!({})).await.code(), "not_agreed");
    assert_eq!(officer.post(&deed(&nobody, "approve"), json!({})).await.code(), "decided_already");
}

#[tokio::test]
async fn who_holds_both_duties_still_needs_somebody_else() {
    let Case { house, chief, pseudonym, .. } = case().await;
    let both = house.person("both", &[Role::Administrator, Role::DataProtection]).await;
    let both = house.sign_in(both).await;
    let wish = ask(&both, json!({ "kind": "person", "pseudonym": pseudonym })).await;
    assert_eq!(both.post(&deed(&wish, "approve"), json!({})).await.code(), "other_duty_needed");
    assert_eq!(both.post(&deed(&wish, "refuse"), json!({})).await.body["state"], "refused", "one's own is taken back");
    let again = ask(&both, json!({ "kind": "person", "pseudonym": pseudonym })).await;
    assert_eq!(chief.post(&deed(&again, "approve"), json!({})).await.body["state"], "approved");
}

#[tokio::test]
async fn a_wish_needs_a_reason_and_something_that_exists() {
    let Case { house: _house, officer, pseudonym, .. } = case().await;
    let ask = async |wanted: Value, reason: &str| {
        let reply = officer.post(REVEALS, json!({ "wanted": wanted, "reason": reason })).await;
        let fields = reply.fields().into_iter().map(|(path, code)| format!("{path}: {code}")).collect::<Vec<_>>();
        (reply.status, fields.join(", "))
    };
    let wanted = json!({ "kind": "person", "pseudonym": pseudonym });
    assert_eq!(ask(wanted.clone(), " kurz ").await, (422, "reason: too_short".into()));
    assert_eq!(ask(wanted, &"x".repeat(501)).await, (422, "reason: too_long".into()));
    let nobody = uuid::Uuid::nil();
    let wanted = json!({ "kind": "person", "pseudonym": nobody });
    assert_eq!(ask(wanted, REASON).await, (422, "wanted.pseudonym: unknown".into()));
    let wanted = json!({ "kind": "person", "pseudonym": "anna" });
    assert_eq!(ask(wanted, REASON).await, (422, "wanted.pseudonym: invalid".into()));
    let wanted = json!({ "kind": "pseudonym", "person_id": nobody });
    assert_eq!(ask(wanted, REASON).await, (422, "wanted.person_id: unknown".into()));
}
