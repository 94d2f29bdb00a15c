"""Reads a calendar from the standard input and tells, as JSON, what others would see in it."""
import datetime
import json
import sys

import icalendar
import recurring_ical_events

data = sys.stdin.buffer.read()
calendar = icalendar.Calendar.from_ical(data)
for component in calendar.walk():
    if component.errors:
        raise SystemExit(f"faults in {component.name}: {component.errors}")


def text(value):
    return None if value is None else str(value)


def seen(event):
    attendee = event.get("ATTENDEE")
    return {
        "uid": text(event.get("UID")),
        "summary": text(event.get("SUMMARY")),
        "description": text(event.get("DESCRIPTION")),
        "location": text(event.get("LOCATION")),
        "status": text(event.get("STATUS")),
        "sequence": event.get("SEQUENCE"),
        "organizer": text(event.get("ORGANIZER")),
        "attendee": text(attendee),
        "recurrence_id": event["RECURRENCE-ID"].dt.isoformat() if "RECURRENCE-ID" in event else None,
        "starts": event["DTSTART"].dt.isoformat(),
        "starts_utc": event["DTSTART"].dt.astimezone(datetime.timezone.utc).isoformat(),
        "ends_utc": event["DTEND"].dt.astimezone(datetime.timezone.utc).isoformat(),
    }


dates = sorted(
    (seen(event) for event in recurring_ical_events.of(calendar).between((2020, 1, 1), (2035, 1, 1))),
    key=lambda event: event["starts_utc"],
)
json.dump(
    {
        "method": text(calendar.get("METHOD")),
        "zones": [text(zone.get("TZID")) for zone in calendar.walk("VTIMEZONE")],
        "events": [seen(event) for event in calendar.walk("VEVENT")],
        "dates": dates,
    },
    sys.stdout,
)
