"""Does what a browser asks of Roundcube, and prints how long each took in milliseconds (JSON).

Words: person, password, rounds, and the case: `first screen`, `another folder`, or a text to search for.
"""

import http.client
import http.cookies
import json
import re
import sys
import time
import urllib.parse


class Browser:
    def __init__(self):
        self.cookies = {}
        self.token = None

    def ask(self, query, form=None):
        path = "/?" + urllib.parse.urlencode(query)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if query.get("_remote"):
            headers |= {"X-Requested-With": "XMLHttpRequest", "X-Roundcube-Request": self.token}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        line = http.client.HTTPConnection("127.0.0.1", 8080, timeout=120)
        line.request("POST" if form else "GET", path, body, headers)
        answer = line.getresponse()
        text = answer.read().decode()
        for value in answer.headers.get_all("Set-Cookie") or []:
            for name, cookie in http.cookies.SimpleCookie(value).items():
                self.cookies[name] = cookie.value
        found = re.search(r'"request_token":"(\w+)"', text)
        if found:
            self.token = found[1]
        assert answer.status in (200, 302), (path, answer.status, text[:500])
        return text

    def sign_in(self, person, password):
        self.ask({"_task": "login"})
        self.ask(
            {"_task": "login"},
            {"_token": self.token, "_task": "login", "_action": "login", "_user": person, "_pass": password},
        )
        assert "roundcube_sessauth" in self.cookies, "not signed in"

    def list(self, folder):
        told = json.loads(self.ask({"_task": "mail", "_action": "list", "_mbox": folder, "_remote": 1}))
        return told["env"]["messagecount"]

    def first_screen(self):
        self.ask({"_task": "mail", "_mbox": "INBOX"})
        return self.list("INBOX")

    def search(self, text):
        query = {"_task": "mail", "_action": "search", "_q": text, "_headers": "text", "_scope": "all"}
        told = json.loads(self.ask(query | {"_mbox": "INBOX", "_remote": 1}))
        return told["env"]["messagecount"]


person, password, rounds, case = sys.argv[1:]
browser = Browser()
browser.sign_in(person, password)
folders = ["INBOX", "Archive"]


def other_folder():
    folders.reverse()
    return browser.list(folders[0])


cases = {"first screen": browser.first_screen, "another folder": other_folder}
act = cases.get(case, lambda: browser.search(case))
taken, found = [], None
for _ in range(int(rounds)):
    begin = time.perf_counter()
    found = act()
    taken.append((time.perf_counter() - begin) * 1e3)
print(json.dumps({"times": sorted(taken), "found": found}))
