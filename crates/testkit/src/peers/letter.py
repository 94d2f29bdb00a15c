"""Reads a letter from the standard input and tells, as JSON, what a mail program would see of it."""
import email
import email.policy
import json
import sys

letter = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
faults = [repr(fault) for part in letter.walk() for fault in part.defects]
faults += [f"{name}: {fault!r}" for part in letter.walk() for name, value in part.items() for fault in value.defects]
if faults:
    raise SystemExit(f"faults: {faults}")


def seen(part):
    return {
        "type": part.get_content_type(),
        "charset": part.get_content_charset(),
        "method": part["Content-Type"].params.get("method"),
        "text": part.get_content(),
    }


json.dump(
    {
        "from": [[one.display_name, one.addr_spec] for one in letter["From"].addresses],
        "to": [[one.display_name, one.addr_spec] for one in letter["To"].addresses],
        "subject": str(letter["Subject"]),
        "id": str(letter["Message-ID"]),
        "date": letter["Date"].datetime.isoformat(),
        "headers": sorted(name.lower() for name in letter.keys()),
        "kind": letter.get_content_type(),
        "parts": [seen(part) for part in letter.walk() if not part.is_multipart()],
    },
    sys.stdout,
)
