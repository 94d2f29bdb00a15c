use fernamt_mailhost::{Error, Login, Security, submission::Submission};

use crate::house::House;

#[tokio::test]
async fn a_message_goes_to_those_who_are_taken_and_the_others_are_told() {
    let house = fernamt_testkit::peer!(House::start());
    let server = house.server(&house.cyrus.submission_tls, Security::Tls);
    let mut submission = Submission::connect(&server, &house.login(None)).await.expect("signed in");
    let recipients = ["nobody@amt.test", "cleo@elsewhere.test"].map(str::to_owned);
    let raw = "From: ada@amt.test\nTo: cleo@elsewhere.test\nSubject: Grüße\n\n.\n..\nEnde";
    let outcome = submission.submit("ada@amt.test", &recipients, raw.as_bytes()).await.expect("handed over");
    assert_eq!(outcome.taken, ["cleo@elsewhere.test"]);
    assert_eq!((outcome.refused[0].recipient.as_str(), outcome.refused[0].permanent), ("nobody@amt.test", true));
    // To nobody at all is no fault, and the conversation goes on.
    let nobody = submission.submit("ada@amt.test", &recipients[..1], raw.as_bytes()).await.expect("refused in order");
    assert!(nobody.taken.is_empty() && nobody.refused.len() == 1);
    submission.log_out().await.expect("in order");
    while house.cyrus.letters_outside().expect("a list").is_empty() {}
    let letter = house.cyrus.letters_outside().expect("a list").remove(0);
    assert!(letter.contains("Subject: Grüße") && letter.trim_end().ends_with("\n.\n..\nEnde"), "{letter}");

    let wrong = Login { password: "Wrong-Word-1".into(), ..house.login(None) };
    assert!(matches!(Submission::connect(&server, &wrong).await, Err(Error::SignIn)));
}
