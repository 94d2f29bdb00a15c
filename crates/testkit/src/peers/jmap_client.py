"""Drives jmapc: commands come in as JSON, one a line, and each is answered by one line."""

import json
import sys
import types

# jmapc needs it for pushes alone, which are not asked for here.
sys.modules["sseclient"] = types.SimpleNamespace(SSEClient=None, Event=object)

import requests.adapters
from jmapc import Client, Ref
from jmapc.methods import (
    EmailChanges,
    EmailGet,
    EmailQuery,
    EmailSet,
    EmailSubmissionSet,
    IdentityGet,
    MailboxGet,
    MailboxQuery,
)
from jmapc.models import (
    Email,
    EmailAddress,
    EmailBodyPart,
    EmailBodyValue,
    EmailQueryFilterCondition,
    EmailSubmission,
    MailboxQueryFilterCondition,
)


class Session(requests.auth.AuthBase):
    """A browser's session as its requests carry it, or a program's token."""

    def __init__(self, origin, cookie, token):
        self.headers = {"Authorization": f"Bearer {token}"} if token else {"Origin": origin, "Cookie": cookie}

    def __call__(self, request):
        request.headers.update(self.headers)
        return request


class WithoutTls(requests.adapters.HTTPAdapter):
    """jmapc knows https alone; the server of the test stands on the loopback without it."""

    def send(self, request, **options):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


class Program:
    def __init__(self, host, address, cookie=None, token=None):
        self.client = Client(address, auth=Session(f"http://{host}", cookie, token))
        adapter = WithoutTls()
        adapter.add_headers = lambda request, **_: request.headers.update({"Host": host})
        for scheme in ("https://", "http://"):
            self.client.requests_session.mount(scheme, adapter)
        session = self.client.jmap_session
        for name in ("api_url", "upload_url", "download_url"):
            setattr(session, name, getattr(session, name).replace(host, address, 1))
        self.known, self.state = {}, None

    def call(self, method):
        return self.client.request(method, raise_errors=True, single_response=True)

    def folders(self):
        found = self.call(MailboxGet(ids=None)).data
        return {folder.role: [folder.total_emails, folder.unread_emails] for folder in found}

    def folder(self, role):
        return self.call(MailboxQuery(filter=MailboxQueryFilterCondition(role=role))).ids[0]

    def emails(self, ids):
        properties = ["id", "threadId", "mailboxIds", "keywords", "subject", "from"]
        return self.call(EmailGet(ids=ids, properties=properties)).data

    def search(self, text):
        found = self.client.request(
            [
                EmailQuery(filter=EmailQueryFilterCondition(text=text)),
                EmailGet(ids=Ref("/ids"), properties=["subject"]),
            ],
            raise_errors=True,
        )
        return [email.subject for email in found[1].response.data]

    def read(self, subject):
        ids = self.call(EmailQuery(filter=EmailQueryFilterCondition(text=subject))).ids
        found = self.call(EmailGet(ids=ids, properties=["textBody", "bodyValues"], fetch_text_body_values=True)).data
        return [email.body_values[email.text_body[0].part_id].value for email in found]

    def send(self, to, subject, text):
        identity = self.call(IdentityGet()).data[0]
        draft = Email(
            mail_from=[EmailAddress(name=identity.name, email=identity.email)],
            to=[EmailAddress(email=to)],
            subject=subject,
            keywords={"$draft": True},
            mailbox_ids={self.folder("drafts"): True},
            body_values={"text": EmailBodyValue(value=text)},
            text_body=[EmailBodyPart(part_id="text", type="text/plain")],
        )
        submission = EmailSubmission(email_id="#draft", identity_id=identity.id)
        sent = {
            "#send": {
                f"mailboxIds/{self.folder('sent')}": True,
                f"mailboxIds/{self.folder('drafts')}": None,
                "keywords/$draft": None,
            }
        }
        answers = self.client.request(
            [
                EmailSet(create={"draft": draft}),
                EmailSubmissionSet(create={"send": submission}, on_success_update_email=sent),
            ],
            raise_errors=True,
        )
        return list(answers[1].response.created)

    def sync(self):
        """Brings what is known up to date, and tells all of it."""
        if self.state is None:
            self.state = self.call(EmailGet(ids=[])).state
            ids = self.call(EmailQuery()).ids
            self.take(ids)
        more = True
        while more:
            changes = self.call(EmailChanges(since_state=self.state, max_changes=50))
            self.take(changes.created + changes.updated)
            for gone in changes.destroyed:
                self.known.pop(gone, None)
            self.state, more = changes.new_state, changes.has_more_changes
        return self.known

    def take(self, ids):
        for start in range(0, len(ids), 100):
            for email in self.emails(ids[start : start + 100]):
                self.known[email.id] = [sorted(email.mailbox_ids), sorted(email.keywords)]


program = None
for line in sys.stdin:
    command = json.loads(line)
    action = command.pop("do")
    try:
        if action == "open":
            program = Program(**command)
            answer = program.client.jmap_session.username
        else:
            answer = getattr(program, action)(**command)
        print(json.dumps({"answer": answer}), flush=True)
    except Exception as error:
        print(json.dumps({"fault": f"{type(error).__name__}: {error} {getattr(error, 'result', '')}"}), flush=True)
